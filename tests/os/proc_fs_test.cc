// What is read of /proc, against processes whose figures are known.
#include "init/os/proc_fs.h"

#include <algorithm>
#include <csignal>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/os/spawned.h"

namespace berth::os {
namespace {

TEST(ReadStat, KnowsItsOwnProcess) {
  const auto stat = read_stat(::getpid());

  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->pid, ::getpid());
  EXPECT_EQ(stat->parent, ::getppid());
  EXPECT_EQ(stat->group, ::getpgrp());
  EXPECT_EQ(stat->session, ::getsid(0));
  EXPECT_EQ(stat->state, 'R');
  EXPECT_EQ(stat->threads, 1);
  EXPECT_GT(stat->start_ticks, 0U);
  EXPECT_FALSE(stat->has_ended());
}

TEST(ReadStat, IsNotMisledByTheNameOfTheProcess) {
  const bool holds = holds_in_fork([] {
    ::prctl(PR_SET_NAME, ") Z 1 1 (", 0, 0, 0);
    const auto stat = read_stat(::getpid());
    return stat.has_value() && stat->state == 'R' && stat->parent == ::getppid();
  });

  EXPECT_TRUE(holds);
}

TEST(ReadStat, FindsNothingForAProcessThatIsNotThere) {
  EXPECT_FALSE(read_stat(0x3fffffff).has_value());
}

TEST(ReadStat, TellsAZombieFromAProcessWhoseFirstThreadHasEnded) {
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    static pid_t main_thread = ::getpid();
    static int write_end = ready[1];
    const auto run = [](void*) -> void* {
      while (read_stat(main_thread)->state != 'Z') {
      }
      if (::write(write_end, "x", 1) != 1)
        ::_exit(1);
      for (;;)
        ::pause();
    };
    pthread_t thread;
    ::pthread_create(&thread, nullptr, run, nullptr);
    ::syscall(SYS_exit, 0);  // this thread alone; pthread_exit() would unwind into GoogleTest
  }
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);

  const auto half_dead = read_stat(pid);
  ::kill(pid, SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  const auto dead = read_stat(pid);
  ::waitpid(pid, nullptr, 0);
  ::close(ready[0]);

  ASSERT_TRUE(half_dead.has_value() && dead.has_value());
  EXPECT_EQ(half_dead->state, 'Z');
  EXPECT_FALSE(half_dead->has_ended());
  EXPECT_TRUE(dead->has_ended());
}

TEST(ReadGroups, ListsTheSupplementaryGroups) {
  ExecImage image = image_of({"/bin/sleep", "1000"});
  image.gid = 4;
  image.groups = {4, 24};
  image.unit_gid = 2'000'000'042;
  const Result<Spawned> child = spawn(image);
  ASSERT_TRUE(child);
  pollfd executed{child->report.raw(), POLLIN, 0};
  ::poll(&executed, 1, -1);

  const std::vector<gid_t> groups = read_groups(child->pid);

  signal_process(child->pidfd.borrow(), child->pid, SIGKILL);
  finish(*child);
  EXPECT_EQ(groups, (std::vector<gid_t>{4, 24, 2'000'000'042}));
}

TEST(ReadRss, IsWhatThisProcessHasResident) {
  const auto rss = read_rss_bytes(::getpid());

  ASSERT_TRUE(rss.has_value());
  EXPECT_GT(*rss, 1U << 20);
  EXPECT_EQ(*rss % 4096, 0U);
}

TEST(ReadChildren, ListsTheChildrenOfAllThreads) {
  const Result<Spawned> one = spawn(image_of({"/bin/sleep", "1000"}));
  const Result<Spawned> two = spawn(image_of({"/bin/sleep", "1000"}));
  ASSERT_TRUE(one && two);

  std::vector<pid_t> children = read_children(::getpid());

  for (const Spawned* child : {&*one, &*two}) {
    signal_process(child->pidfd.borrow(), child->pid, SIGKILL);
    finish(*child);
  }
  std::sort(children.begin(), children.end());
  EXPECT_EQ(children,
            (std::vector<pid_t>{std::min(one->pid, two->pid), std::max(one->pid, two->pid)}));
}

TEST(ListPids, HoldsThisProcess) {
  const std::vector<pid_t> pids = list_pids();

  EXPECT_NE(std::find(pids.begin(), pids.end(), ::getpid()), pids.end());
}

}  // namespace
}  // namespace berth::os
