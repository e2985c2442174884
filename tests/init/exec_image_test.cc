// From a unit to the image of its process. Users and groups are those that every Debian has; needs
// root.
#include "init/exec_image.h"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace berth {
namespace {

constexpr uid_t kDaemon = 1;      // base-passwd's own
constexpr uid_t kUnknown = 4242;  // in nobody's /etc/passwd

class ExecImageTest : public testing::Test {
 protected:
  ExecImageTest() {
    context_.own_environment = &own_environment_;
    command_.argv = {"sh", "-c", "exit"};
  }

  os::ExecImage build() {
    Result<os::ExecImage> image = build_exec_image(unit_, command_, context_);
    EXPECT_TRUE(image) << image.error().message;
    return image ? *std::move(image) : os::ExecImage{};
  }
  std::string error() {
    const Result<os::ExecImage> image = build_exec_image(unit_, command_, context_);
    return image ? "no error" : image.error().message;
  }
  // "NAME=value", or "" if it is not set.
  std::string variable(const std::string& name) {
    const os::ExecImage image = build();
    for (const std::string& variable : image.environment)
      if (variable.starts_with(name + "="))
        return variable;
    return "";
  }

  std::map<std::string, std::string> own_environment_ = {
      {"LANG", "C"}, {"FLY_REGION", "ord"}, {"FLY_APP", "x"}, {"PATH", "/usr/bin:/bin"}};
  Unit unit_;
  Command command_;
  ExecContext context_;
};

// --- environment

TEST_F(ExecImageTest, InheritsTheWholeEnvironmentByDefault) {
  EXPECT_EQ(variable("LANG"), "LANG=C");
  EXPECT_EQ(variable("FLY_APP"), "FLY_APP=x");
}

TEST_F(ExecImageTest, InheritsNothingWhereTheUnitSaysSo) {
  unit_.process.inherit_env.all = false;

  EXPECT_EQ(build().environment,
            std::vector<std::string>{
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"});
}

TEST_F(ExecImageTest, InheritsNamesAndGlobs) {
  unit_.process.inherit_env = {false, {"PATH", "FLY_*"}};

  EXPECT_EQ(build().environment,
            (std::vector<std::string>{"FLY_APP=x", "FLY_REGION=ord", "PATH=/usr/bin:/bin"}));
}

TEST_F(ExecImageTest, NeverInheritsWhatWasMeantForBerth) {
  own_environment_["NOTIFY_SOCKET"] = "/run/systemd/notify";
  own_environment_["LISTEN_FDS"] = "2";

  EXPECT_EQ(variable("NOTIFY_SOCKET"), "");
  EXPECT_EQ(variable("LISTEN_FDS"), "");
}

TEST_F(ExecImageTest, SetsAndUnsetsVariables) {
  unit_.process.env = {{"LANG", "de_DE.UTF-8"}, {"FLY_APP", std::nullopt}, {"NEW", "1"}};

  EXPECT_EQ(variable("LANG"), "LANG=de_DE.UTF-8");
  EXPECT_EQ(variable("FLY_APP"), "");
  EXPECT_EQ(variable("NEW"), "NEW=1");
}

TEST_F(ExecImageTest, LetsTheManagersVariablesWin) {
  unit_.process.env = {{"PORT", "80"}};
  context_.extra = {{"PORT", "4001"}};

  EXPECT_EQ(variable("PORT"), "PORT=4001");
}

TEST_F(ExecImageTest, GivesHelpersNoInheritedEnvironment) {
  context_.helper = true;

  EXPECT_EQ(variable("LANG"), "");
  EXPECT_NE(variable("PATH"), "");
}

TEST_F(ExecImageTest, DescribesTheUserInTheEnvironment) {
  unit_.process.user = "daemon";
  own_environment_["HOME"] = "/root";

  EXPECT_EQ(variable("USER"), "USER=daemon");
  EXPECT_EQ(variable("LOGNAME"), "LOGNAME=daemon");
  EXPECT_EQ(variable("HOME"), "HOME=/usr/sbin");
  EXPECT_EQ(variable("SHELL"), "SHELL=/usr/sbin/nologin");
}

TEST_F(ExecImageTest, PassesListeningSocketsFirst) {
  context_.listen_fds = {os::BorrowedFd(20), os::BorrowedFd(21)};
  context_.listen_names = {"http", "admin"};
  context_.other_fds = {os::BorrowedFd(22)};

  const os::ExecImage image = build();

  EXPECT_EQ(variable("LISTEN_FDS"), "LISTEN_FDS=2");
  EXPECT_EQ(variable("LISTEN_FDNAMES"), "LISTEN_FDNAMES=http:admin");
  EXPECT_TRUE(image.listen_pid);
  EXPECT_EQ(image.passed_fds, (std::vector<os::BorrowedFd>{os::BorrowedFd(20), os::BorrowedFd(21),
                                                           os::BorrowedFd(22)}));
}

// --- the program

TEST_F(ExecImageTest, LooksAProgramUpInThePathOfTheUnit) {
  EXPECT_EQ(build().program, "/usr/bin/sh");
  EXPECT_EQ(build().argv, (std::vector<std::string>{"sh", "-c", "exit"}));

  unit_.process.env = {{"PATH", "/nowhere::/bin"}};
  EXPECT_EQ(build().program, "/bin/sh");
}

TEST_F(ExecImageTest, TakesAProgramWithASlashRelativeToTheWorkingDirectory) {
  unit_.process.working_directory = "/srv/app";
  command_.argv = {"bin/puma"};

  EXPECT_EQ(build().program, "/srv/app/bin/puma");

  command_.argv = {"/usr/bin/env"};
  EXPECT_EQ(build().program, "/usr/bin/env");
}

TEST_F(ExecImageTest, TellsThatAProgramIsNotInThePath) {
  command_.argv = {"redis-servr"};

  EXPECT_EQ(error(), "command \"redis-servr\": no such program in PATH \"/usr/bin:/bin\"");
}

TEST_F(ExecImageTest, TellsThatTheCommandIsEmpty) {
  command_.argv = {};

  EXPECT_EQ(error(), "command: names no program");
}

// --- ids

TEST_F(ExecImageTest, LeavesTheIdsAloneWithoutAUser) {
  const os::ExecImage image = build();

  EXPECT_FALSE(image.uid.has_value());
  EXPECT_FALSE(image.gid.has_value());
  EXPECT_TRUE(image.groups.empty());
  EXPECT_FALSE(image.capabilities.has_value());
  EXPECT_TRUE(image.no_new_privileges);
}

TEST_F(ExecImageTest, BecomesTheUserAndDropsCapabilities) {
  unit_.process.user = "daemon";

  const os::ExecImage image = build();

  EXPECT_EQ(image.uid, kDaemon);
  EXPECT_EQ(image.gid, kDaemon);
  EXPECT_EQ(image.groups, std::vector<gid_t>{kDaemon});
  EXPECT_EQ(image.capabilities, CapabilitySet{0});
}

TEST_F(ExecImageTest, KeepsCapabilitiesForTheUserRoot) {
  unit_.process.user = "root";

  EXPECT_EQ(build().uid, 0U);
  EXPECT_FALSE(build().capabilities.has_value());
}

TEST_F(ExecImageTest, AddsGroupsToThoseOfTheUser) {
  unit_.process.user = "daemon";
  unit_.process.group = "adm";               // 4
  unit_.process.groups = {"cdrom", "4242"};  // 24

  const os::ExecImage image = build();

  EXPECT_EQ(image.gid, 4U);
  EXPECT_EQ(image.groups, (std::vector<gid_t>{1, 4, 24, 4242}));
}

TEST_F(ExecImageTest, TakesNumbersWithoutAnEntry) {
  unit_.process.user = std::to_string(kUnknown);

  const os::ExecImage image = build();

  EXPECT_EQ(image.uid, kUnknown);
  EXPECT_EQ(image.gid, kUnknown);
  EXPECT_EQ(variable("HOME"), "HOME=/");
}

TEST_F(ExecImageTest, LetsTheCommandsOwnUserWin) {
  unit_.process.user = "daemon";
  unit_.process.group = "adm";
  command_.user = "root";

  const os::ExecImage image = build();

  EXPECT_EQ(image.uid, 0U);
  EXPECT_EQ(image.gid, 0U);
  EXPECT_FALSE(image.capabilities.has_value());
}

TEST_F(ExecImageTest, MarksTheUnitAndKeepsOurGroups) {
  context_.unit_gid = 2'000'000'003;

  EXPECT_EQ(build().unit_gid, 2'000'000'003U);
  EXPECT_FALSE(build().gid.has_value());
}

TEST_F(ExecImageTest, TellsThatThereIsNoSuchUserOrGroup) {
  unit_.process.user = "www";
  EXPECT_EQ(error(), "[process] user \"www\": no such user");

  unit_.process.user = "daemon";
  unit_.process.group = "wwww";
  EXPECT_EQ(error(), "[process] group \"wwww\": no such group");

  command_.user = "nobody-at-all";
  EXPECT_EQ(error(), "user of the command \"nobody-at-all\": no such user");
}

TEST_F(ExecImageTest, RefusesOtherIdsWithoutTheRightToChangeThem) {
  context_.is_root = false;
  unit_.process.user = "daemon";

  EXPECT_EQ(error(), "[process] user \"daemon\": berth does not run as root");
}

TEST_F(ExecImageTest, RefusesGroupsThatItDoesNotHaveWithoutTheRightToChangeThem) {
  context_.is_root = false;
  unit_.process.groups = {"4242"};

  EXPECT_EQ(error(), "[process] groups \"4242\": berth does not run as root");
}

TEST_F(ExecImageTest, KeepsTheCapabilitiesThatTheUnitNames) {
  unit_.process.user = "daemon";
  unit_.process.capabilities = CapabilitySet{1} << 10;

  EXPECT_EQ(build().capabilities, CapabilitySet{1} << 10);

  command_.user = "daemon";
  EXPECT_EQ(build().capabilities, CapabilitySet{0}) << "another user than the unit's";
}

TEST_F(ExecImageTest, TakesCapabilitiesFromRootAsWell) {
  unit_.process.capabilities = CapabilitySet{0};

  EXPECT_EQ(build().capabilities, CapabilitySet{0});
}

TEST_F(ExecImageTest, TellsWhichCapabilityBerthItselfLacks) {
  context_.capabilities = 0xFF;
  unit_.process.capabilities = CapabilitySet{1} << 7 | CapabilitySet{1} << 12;

  EXPECT_EQ(error(), "[process] capabilities: berth itself was not granted net_admin");
}

TEST_F(ExecImageTest, PutsBerthsOwnVariablesWhereNoFileReplacesThem) {
  unit_.process.env = {{"PORT", "80"}, {"Z", "1"}};
  context_.extra = {{"INVOCATION_ID", "x"}, {"PORT", "4001"}};

  const os::ExecImage image = build();

  ASSERT_EQ(image.fixed_variables, 2U);
  EXPECT_EQ(std::vector<std::string>(image.environment.end() - 2, image.environment.end()),
            (std::vector<std::string>{"INVOCATION_ID=x", "PORT=4001"}));
}

TEST_F(ExecImageTest, AcceptsItsOwnUserWithoutTheRightToChangeIds) {
  context_.is_root = false;
  context_.unit_gid = 2'000'000'003;
  unit_.process.user = std::to_string(::geteuid());

  const os::ExecImage image = build();

  EXPECT_FALSE(image.uid.has_value());
  EXPECT_FALSE(image.unit_gid.has_value());
}

// --- the rest

TEST_F(ExecImageTest, GivesBackTheLimitThatBerthRaised) {
  context_.original_nofile = {1024, 4096};
  unit_.process.limits = {{"core", {0, ResourceLimit::kInfinity}}};

  const os::ExecImage image = build();

  ASSERT_EQ(image.limits.size(), 2U);
  EXPECT_EQ(image.limits[0].first, RLIMIT_NOFILE);
  EXPECT_EQ(image.limits[0].second.rlim_cur, 1024U);
  EXPECT_EQ(image.limits[1].first, RLIMIT_CORE);
  EXPECT_EQ(image.limits[1].second.rlim_max, RLIM_INFINITY);
}

TEST_F(ExecImageTest, RefusesALimitThatDoesNotExist) {
  unit_.process.limits = {{"nofiles", {}}};

  EXPECT_EQ(error(), "[process] limits: no limit is called \"nofiles\"");
}

TEST_F(ExecImageTest, CarriesTheComfortsOver) {
  unit_.process.nice = 5;
  unit_.process.umask = 027;
  unit_.process.oom_score_adj = 500;
  unit_.process.no_new_privileges = false;
  unit_.process.working_directory = "/srv";

  const os::ExecImage image = build();

  EXPECT_EQ(image.nice, 5);
  EXPECT_EQ(image.umask, 027U);
  EXPECT_EQ(image.oom_score_adj, 500);
  EXPECT_FALSE(image.no_new_privileges);
  EXPECT_EQ(image.working_directory, "/srv");
}

}  // namespace
}  // namespace berth
