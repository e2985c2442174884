// Names that are in no file: which ones are asked for, and what a life makes of the answer. The
// helper is a script that tells what it was asked. Needs root.
#include "init/name_lookup.h"

#include <fstream>
#include <sstream>

#include <sys/stat.h>

#include "tests/init/lives_site.h"
#include "tests/init/temp_folder.h"
#include "units/wire.h"

namespace berth {
namespace {

Command as_user(const std::string& user) {
  Command command;
  command.argv = {"/bin/true"};
  command.user = user;
  return command;
}

TEST(UnknownNames, AreThoseThatNeitherFilesNorNumbersAnswer) {
  Unit unit;
  unit.process.group = "far-staff";
  unit.process.groups = {"adm", "far-group", "4711"};
  unit.service.before_start = {as_user("daemon"), as_user("far-admin")};
  unit.service.after_stop = {as_user("far-backup"), as_user("")};
  unit.service.reload_command = as_user("far-admin");

  const WantedNames wanted = unknown_names(unit, "far-user");

  EXPECT_EQ(wanted.users, (std::set<std::string>{"far-admin", "far-backup", "far-user"}));
  EXPECT_EQ(wanted.groups, (std::set<std::string>{"far-group", "far-staff"}));
}

TEST(UnknownNames, AreNoneForAUnitThatFilesAndNumbersDescribe) {
  Unit unit;
  unit.process.group = "adm";
  unit.job.emplace().steps = {as_user("daemon"), as_user("12345")};

  EXPECT_TRUE(unknown_names(unit, "nobody").empty());
  EXPECT_TRUE(unknown_names(unit, "").empty());
}

TEST(WantedNames, AreToldToPeopleAndToTheHelper) {
  const WantedNames wanted{{"alice", "bob"}, {"staff"}, std::nullopt};

  EXPECT_EQ(wanted.str(), "user \"alice\", user \"bob\", group \"staff\"");
  EXPECT_EQ(helper_arguments(wanted, "/run/berth/auto-uids"),
            (std::vector<std::string>{"names", "user", "alice", "user", "bob", "group", "staff"}));
}

class LifeWithNames : public LivesTest<os::SystemClock> {
 protected:
  LifeWithNames() {
    unit_.unit.mentions_run_dir = true;  // the folder wants to know its owner
    settings_.folders.run_dir = folder_.path();
    settings_.helper_program = folder_.path("helper");
    settings_.is_root = true;
    helper_runs("cat " + folder_.path("answer"));
    unit_.unit.process.user = "alice";
    unit_.unit.service.command.argv = {"/bin/true"};
  }
  void helper_runs(const std::string& command) {
    folder_.write("helper", "#!/bin/sh\necho \"$@\" >>" + folder_.path("asked") + "\n" + command);
    ASSERT_EQ(::chmod(settings_.helper_program.c_str(), 0755), 0);
  }
  void name_services_know(const FoundNames& names) { folder_.write("answer", wire::encode(names)); }
  std::string asked() const {
    std::stringstream text;
    text << std::ifstream(folder_.path("asked")).rdbuf();
    return text.str();
  }
  /// What the preparation ends with; `start` if it does not within 5 s.
  UnitEvent prepared() {
    lives_.prepare(unit_);
    for (int turns = 0; turns < 500; ++turns) {
      const UnitTable::Posted posted = table_.take();
      if (posted.unit != nullptr)
        return posted.event;
      loop_.run_once(std::chrono::milliseconds(10));
      reaper_.drain();
    }
    return UnitEvent::start;
  }
  /// Nobody waits for it: it counts as an orphan.
  void reap_one_more() {
    while (reaper_.orphans() == 0)
      reaper_.drain();
  }

  TempFolder folder_;
};

TEST_F(LifeWithNames, RunsAsTheUserThatTheNameServicesKnow) {
  FoundNames names;
  names.users["alice"] = Identity{4321, 4322, {4322, 4323}, "alice", "/home/alice", "/bin/sh"};
  name_services_know(names);

  EXPECT_EQ(prepared(), UnitEvent::prepared);

  EXPECT_EQ(asked(), "--helper names user alice\n");
  struct stat folder {};
  ASSERT_EQ(::stat(folder_.path("units-run/web").c_str(), &folder), 0);
  EXPECT_EQ(folder.st_uid, 4321U);
  EXPECT_EQ(folder.st_gid, 4322U);
  EXPECT_TRUE(launcher_.spawn_main(unit_).has_value());
  reap_one_more();
}

TEST_F(LifeWithNames, AsksOnceForTheUidThatIsTheUnitsOwn) {
  unit_.unit.process.user = "auto";
  FoundNames names;
  names.users["auto"] = unnamed_user(61005);
  name_services_know(names);

  EXPECT_EQ(prepared(), UnitEvent::prepared);
  EXPECT_EQ(prepared(), UnitEvent::prepared);

  EXPECT_EQ(asked(), "--helper names auto " + folder_.path("auto-uids") + " 61000 64999 web\n");
  EXPECT_EQ(unit_.life.names, names);
}

TEST_F(LifeWithNames, FailsWhereNoUidIsLeft) {
  unit_.unit.process.user = "auto";
  FoundNames names;
  names.problem = "every uid of uid_range 61000-64999 is taken";
  name_services_know(names);

  EXPECT_EQ(prepared(), UnitEvent::spawn_failed);

  EXPECT_EQ(unit_.reason, "[process] user \"auto\": every uid of uid_range 61000-64999 is taken");
}

TEST_F(LifeWithNames, AsksNobodyWhereTheFilesKnow) {
  unit_.unit.process.user = "daemon";

  EXPECT_EQ(prepared(), UnitEvent::prepared);

  EXPECT_EQ(asked(), "");
}

TEST_F(LifeWithNames, AsksAgainForTheNextLife) {
  name_services_know({{{"alice", Identity{4321, 4322, {4322}, "alice", "/", "/bin/sh"}}}, {}, ""});
  EXPECT_EQ(prepared(), UnitEvent::prepared);
  name_services_know({});

  EXPECT_EQ(prepared(), UnitEvent::spawn_failed);

  EXPECT_EQ(asked(), "--helper names user alice\n--helper names user alice\n");
}

TEST_F(LifeWithNames, FailsForGoodWhereNobodyKnowsTheUser) {
  name_services_know({});

  EXPECT_EQ(prepared(), UnitEvent::spawn_failed);

  EXPECT_EQ(unit_.reason, "[process] user \"alice\": no such user");
  EXPECT_EQ(unit_.life.verdict, Verdict::failed);
}

TEST_F(LifeWithNames, TriesAgainWhereTheNameServicesHang) {
  helper_runs("kill -ALRM $$");  // as the helper's own time limit does

  EXPECT_EQ(prepared(), UnitEvent::spawn_failed);

  EXPECT_EQ(unit_.reason, "look up user \"alice\": the name services do not answer in time");
  EXPECT_EQ(unit_.life.verdict, Verdict::retry);
}

TEST_F(LifeWithNames, IsNotMisledByAnAnswerThatIsNone) {
  folder_.write("answer", "uid=0(root)");

  EXPECT_EQ(prepared(), UnitEvent::spawn_failed);

  EXPECT_EQ(unit_.reason, "look up user \"alice\": malformed message");
}

TEST_F(LifeWithNames, TellsOfAHelperThatCannotBeStarted) {
  settings_.helper_program = "/nonexistent/berth";

  EXPECT_EQ(prepared(), UnitEvent::spawn_failed);

  EXPECT_EQ(unit_.reason, "look up user \"alice\": the helper cannot be started: exec");
}

TEST_F(LifeWithNames, LeavesNoHelperBehindWhenItIsCleanedUp) {
  helper_runs("exec sleep 60");
  unit_.wanted_up = false;
  lives_.prepare(unit_);

  lives_.clean(unit_);

  EXPECT_EQ(unit_.life.lookup, nullptr);
  reap_one_more();
}

}  // namespace
}  // namespace berth
