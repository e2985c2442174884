// Escapees: what a unit's processes do to get away, and that nobody else is hit. Needs root.
#include "init/sweep.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "tests/os/spawned.h"

namespace berth {
namespace {

// One unit with a shell as its main process. The test process is the subreaper that berth would be.
class FakeUnit {
 public:
  // `script` ends with "echo" once everything is as the test wants it.
  explicit FakeUnit(const std::string& script, std::optional<gid_t> unit_gid = {}) {
    os::ExecImage image = os::image_of({"/bin/sh", "-c", script});
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const os::UniqueFd read_end(ends[0]);
    os::UniqueFd write_end(ends[1]);
    image.standard_output = write_end.borrow();
    image.unit_gid = unit_gid;
    Result<os::Spawned> child = os::spawn(image);
    EXPECT_TRUE(child);
    main_ = *std::move(child);
    write_end.reset();
    char byte = 0;
    EXPECT_EQ(::read(read_end.raw(), &byte, 1), 1) << script;
    marks_ = {main_.pid, main_.pid, unit_gid};
  }
  FakeUnit(const FakeUnit&) = delete;
  FakeUnit& operator=(const FakeUnit&) = delete;
  ~FakeUnit() {
    if (marks_.main_pid != 0)
      end_main();
  }

  void end_main() {
    ::kill(main_.pid, SIGKILL);
    ::waitpid(main_.pid, nullptr, 0);
    marks_.main_pid = 0;
  }
  void main_ends_by_itself() {
    ::waitpid(main_.pid, nullptr, 0);
    marks_.main_pid = 0;
  }

  pid_t pid() const { return main_.pid; }
  const UnitMarks& marks() const { return marks_; }

 private:
  os::Spawned main_;
  UnitMarks marks_;
};

// Of this test alone: a thorough look sees what other tests run at the same time.
const gid_t kFirst = 2'000'000'000 + 2 * static_cast<gid_t>(::getpid());
const gid_t kSecond = kFirst + 1;

// The escaped process itself says when it is there: setsid(1) ends before it has run.
const std::string kDaemon = "(setsid -f sh -c 'echo; exec sleep 1000 >/dev/null')";

class Sweep : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0U) << "a unit's gid can only be given by root";
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
  }
  void TearDown() override {
    for (const pid_t child : os::read_children(::getpid()))
      ::kill(child, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0)
      for (const pid_t child : os::read_children(::getpid()))
        ::kill(child, SIGKILL);
  }

  static std::vector<pid_t> members(const FakeUnit& unit, const std::vector<pid_t>& spared = {},
                                    bool thorough = false) {
    return find_members({unit.marks()}, spared, thorough).front();
  }
};

TEST_F(Sweep, FindsTheMainProcessAndItsChildren) {
  const FakeUnit unit("sleep 1000 & echo; wait");

  const std::vector<pid_t> found = members(unit);

  EXPECT_EQ(found.size(), 2U);
  EXPECT_NE(std::find(found.begin(), found.end(), unit.pid()), found.end());
}

TEST_F(Sweep, FindsAChildInASessionOfItsOwnByDescent) {
  const FakeUnit unit("setsid sh -c 'echo; exec sleep 1000' & wait");

  EXPECT_EQ(members(unit).size(), 2U);
}

TEST_F(Sweep, FindsAndSparesAChainOfSessionsByDescent) {
  const std::string chain =
      "export n=$((n + 1)); [ $n = 12 ] && { echo; exec sleep 1000; }; setsid sh -c \"$s\" & wait";
  const FakeUnit unit("export s='" + chain + "'; eval \"$s\"");
  const std::vector<pid_t> below = os::read_children(unit.pid());
  ASSERT_EQ(below.size(), 1U);

  EXPECT_EQ(members(unit).size(), 12U);
  EXPECT_EQ(members(unit, {}, true).size(), 12U);
  EXPECT_EQ(members(unit, below, true), std::vector<pid_t>{unit.pid()});
}

TEST_F(Sweep, AProcessShowsTheMarksOfItsAncestors) {
  const FakeUnit unit("setsid sh -c 'echo; exec sleep 1000' & wait", kFirst);
  const std::vector<pid_t> children = os::read_children(unit.pid());
  ASSERT_EQ(children.size(), 1U);

  const std::vector<ProcessMarks> marks = marks_of_process(children.front());

  ASSERT_EQ(marks.size(), 1U) << "one that is marked for a unit is enough";
  EXPECT_EQ(marks.front().pid, children.front());
  EXPECT_EQ(marks.front().unit_gid, kFirst);
}

TEST_F(Sweep, WithoutAGidTheMarksGoUpToTheMainProcess) {
  const FakeUnit unit("setsid sh -c 'echo; exec sleep 1000' & wait");
  const std::vector<pid_t> children = os::read_children(unit.pid());
  ASSERT_EQ(children.size(), 1U);

  const std::vector<ProcessMarks> marks = marks_of_process(children.front());

  ASSERT_GE(marks.size(), 2U);
  EXPECT_EQ(marks[0].session, children.front());
  EXPECT_EQ(marks[1].pid, unit.pid());
}

TEST_F(Sweep, NobodyHasNoMarks) {
  EXPECT_TRUE(marks_of_process(2'000'000'000).empty());
}

TEST_F(Sweep, FindsWhatIsLeftOfTheSessionAfterTheMainProcess) {
  FakeUnit unit("sleep 1000 & echo; wait");

  unit.end_main();

  EXPECT_EQ(members(unit).size(), 1U);
}

TEST_F(Sweep, FindsADaemonByItsGidAfterTheMainProcess) {
  FakeUnit unit(kDaemon, kFirst);

  unit.main_ends_by_itself();

  EXPECT_EQ(members(unit).size(), 1U);
  EXPECT_EQ(members(unit, {}, true).size(), 1U);
}

TEST_F(Sweep, FindsADaemonThatHasBecomeAnotherUser) {
  FakeUnit unit("setsid -f setpriv --reuid 12345 --keep-groups sh -c 'echo; exec sleep 1000'",
                kFirst);

  unit.main_ends_by_itself();

  EXPECT_EQ(members(unit).size(), 1U);
}

TEST_F(Sweep, LeavesTheDaemonOfAnotherUnitAlone) {
  FakeUnit first(kDaemon, kFirst);
  FakeUnit second(kDaemon, kSecond);
  first.main_ends_by_itself();
  second.main_ends_by_itself();

  const auto both = find_members({first.marks(), second.marks()}, {}, false);

  ASSERT_EQ(both[0].size(), 1U);
  ASSERT_EQ(both[1].size(), 1U);
  EXPECT_NE(both[0].front(), both[1].front());
  EXPECT_EQ(members(first), both[0]);
}

TEST_F(Sweep, SparesWhatDescendsFromAnotherLiveUnit) {
  // The second unit's main process is a child of the first one's, in its session, with its gid: as
  // an instance that was forked from a zygote is.
  const FakeUnit zygote("sh -c 'sleep 1000 & echo; wait' & wait", kFirst);
  const std::vector<pid_t> instances = os::read_children(zygote.pid());
  ASSERT_EQ(instances.size(), 1U);

  EXPECT_EQ(members(zygote).size(), 3U);
  EXPECT_EQ(members(zygote, instances), std::vector<pid_t>{zygote.pid()});
  EXPECT_EQ(members(zygote, instances, true), std::vector<pid_t>{zygote.pid()});
}

TEST_F(Sweep, SparesTheSessionOfAnotherLiveUnit) {
  const FakeUnit other("(sleep 1000 & sleep 1000 &) ; echo; wait; exec sleep 1000");
  FakeUnit unit("echo; exec sleep 1000");
  UnitMarks wrong = unit.marks();
  wrong.session = other.pid();

  const auto found = find_members({wrong}, {other.pid()}, true);

  EXPECT_EQ(found.front(), std::vector<pid_t>{unit.pid()});
}

TEST_F(Sweep, DoesNotCountZombies) {
  FakeUnit unit("echo");
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(unit.pid()), &info, WEXITED | WNOWAIT);

  EXPECT_TRUE(members(unit).empty());
  EXPECT_TRUE(members(unit, {}, true).empty());
}

TEST_F(Sweep, SignalsAMember) {
  FakeUnit unit(kDaemon, kFirst);
  unit.main_ends_by_itself();
  const pid_t escaped = members(unit).front();

  signal_member(escaped, unit.marks(), SIGKILL);

  int status = 0;
  ASSERT_EQ(::waitpid(escaped, &status, 0), escaped);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(Sweep, SignalsNoStranger) {
  FakeUnit unit(kDaemon, kFirst);
  FakeUnit other(kDaemon, kSecond);
  unit.main_ends_by_itself();
  other.main_ends_by_itself();
  const pid_t stranger = members(other).front();

  signal_member(stranger, unit.marks(), SIGKILL);

  EXPECT_EQ(::waitpid(stranger, nullptr, WNOHANG), 0);
  EXPECT_EQ(members(other), std::vector<pid_t>{stranger});
}

TEST_F(Sweep, KillsEverythingThatADaemonisingMainLeftBehind) {
  FakeUnit unit("for i in 1 2 3 4 5 6 7 8; do setsid -f sleep 1000; (sleep 1000 &); done; echo",
                kFirst);
  unit.main_ends_by_itself();

  // A killed process is gone when the kernel comes to it, which a busy machine may take a while
  // for.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!members(unit, {}, true).empty() && std::chrono::steady_clock::now() < deadline)
    for (const pid_t pid : members(unit))
      signal_member(pid, unit.marks(), SIGKILL);

  EXPECT_TRUE(members(unit, {}, true).empty());
}

TEST(UnitGids, ArePossibleForRoot) {
  EXPECT_TRUE(UnitGids::reserve(0).has_value());
}

TEST(UnitGids, AreImpossibleForAnotherUser) {
  EXPECT_TRUE(os::holds_in_fork([] { return ::setuid(12345) == 0 && !UnitGids::reserve(0); }));
}

TEST(UnitGids, AreAMillionForEachBerthAndWrapAround) {
  EXPECT_EQ(UnitGids::reserve(0)->of(7), 2'000'000'007U);
  EXPECT_EQ(UnitGids::reserve(0)->of(1'000'000), 2'000'000'000U);
  EXPECT_EQ(UnitGids::reserve(1)->of(7), 2'001'000'007U);
  EXPECT_EQ(UnitGids::reserve(1'999)->of(999'999), 3'999'999'999U);
  EXPECT_EQ(UnitGids::reserve(2'000)->of(7), 2'000'000'007U);
}

}  // namespace
}  // namespace berth
