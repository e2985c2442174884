// Real children and orphans, and who is told of their end.
#include "init/reaper.h"

#include <chrono>
#include <csignal>
#include <map>
#include <new>
#include <vector>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "init/os/proc_fs.h"
#include "tests/os/spawned.h"

namespace berth {
namespace {

using os::ExitStatus;

void wait_until_ended(pid_t pid) {
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
}

pid_t spawn_shell(const std::string& script) {
  const Result<os::Spawned> child = os::spawn(os::image_of({"/bin/sh", "-c", script}));
  return child ? child->pid : -1;
}

// Other tests of this program may have left children, which would count as orphans here.
void bury_the_children_of_others() {
  for (const pid_t pid : os::read_children(::getpid())) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

TEST(Reaper, TellsEachOwnerHowItsChildEnded) {
  bury_the_children_of_others();
  Reaper reaper;
  std::map<pid_t, ExitStatus> ended;
  const pid_t one = spawn_shell("exit 3");
  const pid_t two = spawn_shell("kill -9 $$");
  for (const pid_t pid : {one, two})
    reaper.expect(pid, [&ended, pid](const ExitStatus& status) { ended[pid] = status; });
  wait_until_ended(one);
  wait_until_ended(two);

  reaper.drain();

  EXPECT_EQ(ended.at(one), (ExitStatus{ExitStatus::How::exited, 3, false}));
  EXPECT_EQ(ended.at(two), (ExitStatus{ExitStatus::How::signaled, SIGKILL, false}));
  EXPECT_EQ(reaper.orphans(), 0U);
}

TEST(Reaper, TellsTheOtherOwnersWhereOneThrows) {
  Reaper reaper;
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    const pid_t pid = spawn_shell("exit 0");
    reaper.expect(pid, [&told](const ExitStatus&) {
      ++told;
      throw std::bad_alloc();
    });
    wait_until_ended(pid);
  }

  EXPECT_THROW(reaper.drain(), std::bad_alloc);

  EXPECT_EQ(3, told);
}

TEST(Reaper, LeavesRunningChildrenAlone) {
  Reaper reaper;
  bool told = false;
  const pid_t pid = spawn_shell("exec sleep 1000");
  reaper.expect(pid, [&told](const ExitStatus&) { told = true; });

  reaper.drain();

  EXPECT_FALSE(told);
  ::kill(pid, SIGKILL);
  wait_until_ended(pid);
  reaper.drain();
  EXPECT_TRUE(told);
}

TEST(Reaper, CountsForgottenChildrenAsOrphans) {
  bury_the_children_of_others();
  Reaper reaper;
  bool told = false;
  const pid_t pid = spawn_shell("exit 0");
  reaper.expect(pid, [&told](const ExitStatus&) { told = true; });
  reaper.forget(pid);
  wait_until_ended(pid);

  reaper.drain();

  EXPECT_FALSE(told);
  EXPECT_EQ(reaper.orphans(), 1U);
}

TEST(Reaper, TellsItsObserverOfEveryEndFirst) {
  bury_the_children_of_others();
  Reaper reaper;
  std::vector<pid_t> seen;
  reaper.set_observer([&](pid_t pid) { seen.push_back(pid); });
  const pid_t expected = spawn_shell("exit 0");
  bool was_told = false;
  reaper.expect(expected, [&](const ExitStatus&) { was_told = seen == std::vector{expected}; });
  wait_until_ended(expected);
  reaper.drain();
  const pid_t orphan = spawn_shell("exit 0");
  wait_until_ended(orphan);
  reaper.drain();

  EXPECT_TRUE(was_told);
  EXPECT_EQ(seen, (std::vector{expected, orphan}));
}

TEST(Reaper, LetsACallbackSpawnTheNextChild) {
  Reaper reaper;
  int ends = 0;
  pid_t next = 0;
  const pid_t first = spawn_shell("exit 0");
  reaper.expect(first, [&](const ExitStatus&) {
    ++ends;
    next = spawn_shell("exit 0");
    reaper.expect(next, [&](const ExitStatus&) { ++ends; });
  });
  wait_until_ended(first);
  reaper.drain();
  if (ends == 1) {
    wait_until_ended(next);
    reaper.drain();
  }

  EXPECT_EQ(ends, 2);
}

TEST(Reaper, ReapsTwoThousandOrphansAsASubreaper) {
  const bool holds = os::holds_in_fork([] {
    constexpr unsigned kOrphans = 2000;
    if (!os::become_subreaper())
      return false;
    // The nursery's children outlive it: they become ours.
    const pid_t nursery = ::fork();
    if (nursery == 0) {
      for (unsigned i = 0; i < kOrphans; ++i)
        if (::fork() == 0)
          ::_exit(static_cast<int>(i % 7));
      ::_exit(0);
    }
    Reaper reaper;
    bool told = false;
    reaper.expect(nursery, [&told](const ExitStatus&) { told = true; });
    while (!told || !os::read_children(::getpid()).empty())
      reaper.drain();
    return reaper.orphans() == kOrphans;
  });

  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace berth
