// spawn(): what a child is born with, how a failure comes back. Needs root.
#include "init/os/process.h"

#include <csignal>
#include <set>
#include <sstream>

#include <dirent.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "init/os/proc_fs.h"
#include "tests/os/old_seccomp_profile.h"
#include "tests/os/spawned.h"

namespace berth::os {
namespace {

constexpr uid_t kUser = 12345;
constexpr gid_t kGroup = 23456;

// "SigIgn" -> "0000000000000000", of /proc/self/status.
std::string field(const std::string& status, const std::string& key) {
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key + ":"))
      continue;
    std::string value = line.substr(key.size() + 1);
    value.erase(0, value.find_first_not_of(" \t"));
    value.erase(value.find_last_not_of(" \t") + 1);
    return value;
  }
  return "no such field";
}

std::string status_of_child(ExecImage image) {
  image.program = "/bin/cat";
  image.argv = {"cat", "/proc/self/status"};
  return run_to_end(std::move(image)).output;
}

int open_fds() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr)
    ++count;
  ::closedir(folder);
  return count;
}

TEST(Spawn, NeedsTheseTestsToRunAsRoot) {
  ASSERT_EQ(::geteuid(), 0U) << "ids and capabilities cannot be tested otherwise";
}

TEST(Spawn, GivesTheChildDefaultDispositionsAndAnEmptyMask) {
  const bool holds = holds_in_fork([] {
    sigset_t some;
    ::sigemptyset(&some);
    ::sigaddset(&some, SIGTERM);
    ::sigaddset(&some, SIGRTMIN + 3);
    ::sigprocmask(SIG_BLOCK, &some, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGTSTP, SIG_IGN);
    struct {
      unsigned long handler = 1, flags = 0, restorer = 0, mask = 0;
    } ignore;
    ::syscall(SYS_rt_sigaction, 33, &ignore, nullptr, 8);

    const std::string status = status_of_child({});
    const std::string none(16, '0');
    return field(status, "SigBlk") == none && field(status, "SigIgn") == none &&
           field(status, "SigCgt") == none && field(status, "SigPnd") == none;
  });

  EXPECT_TRUE(holds);
}

TEST(Spawn, LeavesTheMaskOfTheParentAsItWas) {
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, nullptr, &before);

  run_to_end(image_of({"/bin/true"}));

  sigset_t after;
  ::sigprocmask(SIG_BLOCK, nullptr, &after);
  for (int signal = 1; signal <= SIGRTMAX; ++signal)
    EXPECT_EQ(::sigismember(&before, signal), ::sigismember(&after, signal));
}

TEST(Spawn, GivesTheChildASessionOfItsOwn) {
  const Finished child = run_to_end(image_of({"/bin/cat", "/proc/self/stat"}));

  std::istringstream stat(child.output);
  std::string pid, name, state, parent, group, session;
  stat >> pid >> name >> state >> parent >> group >> session;
  EXPECT_EQ(session, pid);
  EXPECT_EQ(group, pid);
}

TEST(Spawn, LeavesNoDescriptorOpenButTheThreeStandardOnes) {
  const UniqueFd leak(::open("/dev/zero", O_RDONLY));  // not close-on-exec

  const Finished child = run_to_end(image_of({"/bin/ls", "/proc/self/fd"}));

  EXPECT_EQ(child.output, "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST(Spawn, PassesDescriptorsFromThreeOnInTheirOrder) {
  const UniqueFd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const UniqueFd full(::open("/dev/full", O_RDONLY | O_CLOEXEC));
  ExecImage image = image_of({"/bin/sh", "-c", "readlink /proc/$$/fd/3 /proc/$$/fd/4"});
  image.passed_fds = {full.borrow(), zero.borrow()};

  const Finished child = run_to_end(std::move(image));

  EXPECT_EQ(child.output, "/dev/full\n/dev/zero\n");
}

TEST(Spawn, PassesDescriptorsWhoseNumbersOverlapTheirPlaces) {
  const bool holds = holds_in_fork([] {
    // 3 and 4 are to become 4 and 3; 0 is to become 5.
    if (::dup2(::open("/dev/zero", O_RDONLY), 13) != 13 || ::dup2(13, 3) != 3 ||
        ::dup2(::open("/dev/full", O_RDONLY), 14) != 14 || ::dup2(14, 4) != 4 ||
        ::dup2(::open("/dev/urandom", O_RDONLY), 15) != 15 || ::dup2(15, 0) != 0)
      return false;
    ExecImage image = image_of(
        {"/bin/sh", "-c", "readlink /proc/$$/fd/3 /proc/$$/fd/4 /proc/$$/fd/5 /proc/$$/fd/0"});
    image.passed_fds = {BorrowedFd(4), BorrowedFd(3), BorrowedFd(0)};
    return run_to_end(std::move(image)).output == "/dev/full\n/dev/zero\n/dev/urandom\n/dev/null\n";
  });

  EXPECT_TRUE(holds);
}

TEST(Spawn, OpensDevNullWhereNoStandardDescriptorIsGiven) {
  const bool holds = holds_in_fork([] {
    ::close(0);
    ::close(2);
    return run_to_end(image_of({"/bin/sh", "-c", "readlink /proc/$$/fd/0 /proc/$$/fd/2"})).output ==
           "/dev/null\n/dev/null\n";
  });

  EXPECT_TRUE(holds);
}

TEST(Spawn, WritesThePidOfTheChildIntoListenPid) {
  ExecImage image = image_of({"/bin/sh", "-c", "test \"$LISTEN_PID\" = $$ && echo same"});
  image.listen_pid = true;

  EXPECT_EQ(run_to_end(std::move(image)).output, "same\n");
}

TEST(Spawn, SetsIdsGroupsAndDropsAllCapabilities) {
  ExecImage image;
  image.uid = kUser;
  image.gid = kGroup;
  image.groups = {kGroup, 4};
  image.unit_gid = 2'000'000'007;
  image.capabilities = 0;

  const std::string status = status_of_child(std::move(image));

  EXPECT_EQ(field(status, "Uid"), "12345\t12345\t12345\t12345");
  EXPECT_EQ(field(status, "Gid"), "23456\t23456\t23456\t23456");
  EXPECT_EQ(field(status, "Groups"), "4 23456 2000000007");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_EQ(field(status, set), std::string(16, '0')) << set;
  EXPECT_EQ(field(status, "NoNewPrivs"), "1");
}

TEST(Spawn, DropsCapabilitiesOfARootChild) {
  ExecImage image;
  image.capabilities = 0;

  const std::string status = status_of_child(std::move(image));

  EXPECT_EQ(field(status, "Uid"), "0\t0\t0\t0");
  EXPECT_EQ(field(status, "CapEff"), std::string(16, '0'));
  EXPECT_EQ(field(status, "CapBnd"), std::string(16, '0'));
}

TEST(Spawn, KeepsTheCapabilitiesThatTheImageNames) {
  constexpr CapabilitySet kept = CapabilitySet{1} << CAP_NET_BIND_SERVICE | 1U << CAP_CHOWN;
  for (const bool as_root : {false, true}) {
    ExecImage image;
    if (!as_root)
      image.uid = kUser;
    image.capabilities = kept;

    const std::string status = status_of_child(std::move(image));

    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
      EXPECT_EQ(field(status, set), "0000000000000401") << set << as_root;
    EXPECT_EQ(field(status, "NoNewPrivs"), "1");
  }
}

TEST(Spawn, LeavesNewPrivilegesPossibleWhereTheImageSaysSo) {
  ExecImage image;
  image.no_new_privileges = false;

  EXPECT_EQ(field(status_of_child(std::move(image)), "NoNewPrivs"), "0");
}

TEST(Spawn, SetsLimitsNicenessUmaskOomScoreAndWorkingDirectory) {
  ExecImage image = image_of(
      {"/bin/sh", "-c", "ulimit -Sn; ulimit -Hn; nice; umask; cat /proc/self/oom_score_adj; pwd"});
  image.limits = {{RLIMIT_NOFILE, {123, 456}}};
  image.nice = 7;
  image.umask = 027;
  image.oom_score_adj = 500;
  image.working_directory = "/usr/share";

  EXPECT_EQ(run_to_end(std::move(image)).output, "123\n456\n7\n0027\n500\n/usr/share\n");
}

TEST(Spawn, GoesOnWithWhatItMayHaveWhenALimitIsRefused) {
  const bool holds = holds_in_fork([] {
    const rlimit own{100, 200};
    ::setrlimit(RLIMIT_NOFILE, &own);
    if (::syscall(SYS_setresuid, kUser, kUser, kUser) != 0)
      return false;
    ExecImage image = image_of({"/bin/sh", "-c", "ulimit -Sn; ulimit -Hn; nice"});
    image.limits = {{RLIMIT_NOFILE, {1000, 2000}}};
    image.nice = -5;
    image.oom_score_adj = -7;
    const Finished child = run_to_end(image);
    return child.output == "200\n200\n0\n" && child.report == ReportState::executed &&
           !child.failure.has_value() && child.passed_over.size() == 3 &&
           child.passed_over[0].describe(image) == "set limits.nofile: Operation not permitted" &&
           child.passed_over[1].describe(image) == "set nice -5: Permission denied" &&
           child.passed_over[2].describe(image) == "set oom_score_adj -7: Permission denied";
  });

  EXPECT_TRUE(holds);
}

// --- failures

std::string failure_text(ExecImage image) {
  const Finished child = run_to_end(image);
  if (child.report != ReportState::failed)
    return "did not fail";
  EXPECT_EQ(WEXITSTATUS(child.wait_status), 127);
  return child.failure->describe(image);
}

TEST(SpawnFailure, TellsThatTheProgramDoesNotExist) {
  EXPECT_EQ(failure_text(image_of({"/nowhere/redis"})),
            "execute /nowhere/redis: No such file or directory");
}

TEST(SpawnFailure, TellsThatTheProgramCannotBeExecuted) {
  EXPECT_EQ(failure_text(image_of({"/etc/passwd"})), "execute /etc/passwd: Permission denied");
}

TEST(SpawnFailure, TellsThatTheWorkingDirectoryDoesNotExist) {
  ExecImage image = image_of({"/bin/true"});
  image.working_directory = "/nowhere";

  EXPECT_EQ(failure_text(std::move(image)),
            "change to working_directory /nowhere: No such file or directory");
}

TEST(SpawnFailure, TellsThatAPassedDescriptorIsNotOpen) {
  ExecImage image = image_of({"/bin/true"});
  image.passed_fds = {BorrowedFd(999)};

  EXPECT_EQ(failure_text(std::move(image)), "pass on 1 descriptors: Bad file descriptor");
}

TEST(SpawnFailure, TellsThatAStandardDescriptorIsNotOpen) {
  ExecImage image = image_of({"/bin/true"});
  image.standard_error = BorrowedFd(999);

  EXPECT_EQ(failure_text(std::move(image)),
            "set up standard input and output: Bad file descriptor");
}

// Each of these system calls refused in turn, as a seccomp profile or a missing capability would.
std::string failure_without(unsigned call, ExecImage image, unsigned number = EACCES) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return "no pipe";
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  holds_in_fork([&] {
    const std::string text =
        refuse_system_calls({call}, number) ? failure_text(std::move(image)) : "no filter";
    return ::write(write_end.raw(), text.data(), text.size()) > 0;
  });
  write_end.reset();
  return read_to_end(read_end.borrow());
}

ExecImage image_of_a_user() {
  ExecImage image = image_of({"/bin/true"});
  image.uid = kUser;
  image.gid = kGroup;
  image.groups = {kGroup};
  image.capabilities = 0;
  return image;
}

TEST(SpawnFailure, TellsThatATerminalIsNone) {
  ExecImage image = image_of({"/bin/true"});
  image.terminal = "/dev/null";

  EXPECT_EQ(failure_text(image),
            "make tty /dev/null its controlling terminal: Inappropriate ioctl for device");

  image.terminal = "/nowhere/tty";
  EXPECT_EQ(failure_text(image),
            "make tty /nowhere/tty its controlling terminal: No such file or directory");
}

TEST(SpawnFailure, TellsThatACapabilityIsNotToBeHad) {
  const bool holds = holds_in_fork([] {
    if (::prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0) != 0)
      return false;
    ExecImage image = image_of({"/bin/true"});
    image.uid = kUser;
    image.capabilities = CapabilitySet{1} << CAP_SYS_TIME;
    return failure_text(image) == "set capabilities: Operation not permitted";
  });

  EXPECT_TRUE(holds);
}

TEST(SpawnFailure, TellsWhichStepWasRefused) {
  EXPECT_EQ(failure_without(SYS_setsid, image_of({"/bin/true"})),
            "make a session: Permission denied");
  EXPECT_EQ(failure_without(SYS_setgroups, image_of_a_user()),
            "set the supplementary groups: Permission denied");
  EXPECT_EQ(failure_without(SYS_setresgid, image_of_a_user()),
            "become group 23456: Permission denied");
  EXPECT_EQ(failure_without(SYS_setresuid, image_of_a_user()),
            "become user 12345: Permission denied");
  EXPECT_EQ(failure_without(SYS_capset, image_of_a_user()), "set capabilities: Permission denied");
  EXPECT_EQ(failure_without(SYS_prctl, image_of({"/bin/true"})),
            "set no_new_privileges: Permission denied");
  EXPECT_EQ(failure_without(SYS_execve, image_of({"/bin/true"})),
            "execute /bin/true: Permission denied");
}

TEST(SpawnFailure, LeavesTheUnitGidOutWhereItIsRefused) {
  ExecImage image = image_of({"/bin/true"});
  image.unit_gid = 2'000'000'001;

  EXPECT_EQ(failure_without(SYS_setgroups, std::move(image), EPERM), "did not fail");
}

TEST(SpawnFailure, NamesEveryStage) {
  std::set<std::string_view> names;
  for (int stage = 0; stage <= static_cast<int>(ChildStage::exec); ++stage)
    names.insert(to_string(static_cast<ChildStage>(stage)));

  EXPECT_EQ(names.size(), static_cast<std::size_t>(ChildStage::exec) + 1);
}

// --- old kernels and old seccomp profiles

bool works_without(std::initializer_list<unsigned> calls, unsigned number, bool pidfd_expected) {
  return holds_in_fork([&] {
    const int leak = ::open("/dev/zero", O_RDONLY);  // not close-on-exec
    if (leak < 0 || !refuse_system_calls(calls, number))
      return false;
    const bool clean = run_to_end(image_of({"/bin/ls", "/proc/self/fd"})).output == "0\n1\n2\n3\n";
    const Result<Spawned> sleeper = spawn(image_of({"/bin/sleep", "1000"}));
    if (!sleeper || sleeper->pidfd.is_open() != pidfd_expected)
      return false;
    if (!signal_process(sleeper->pidfd.borrow(), sleeper->pid, SIGTERM))
      return false;
    const Finished end = finish(*sleeper);
    return clean && WIFSIGNALED(end.wait_status) && WTERMSIG(end.wait_status) == SIGTERM;
  });
}

TEST(SpawnFallback, WorksWithoutClone3) {
  EXPECT_TRUE(works_without({SYS_clone3}, EPERM, true));
  EXPECT_TRUE(works_without({SYS_clone3}, ENOSYS, true));
}

TEST(SpawnFallback, WorksWithoutCloseRange) {
  EXPECT_TRUE(works_without({SYS_close_range}, EPERM, true));
  EXPECT_TRUE(works_without({SYS_close_range}, ENOSYS, true));
}

TEST(SpawnFallback, WorksWithoutAnyOfThem) {
  EXPECT_TRUE(works_without({SYS_clone3, SYS_pidfd_open, SYS_close_range, SYS_pidfd_send_signal},
                            EPERM, false));
}

TEST(SpawnFallback, SignalsThroughTheNumberWhereOnlyPidfdSignalsAreRefused) {
  EXPECT_TRUE(works_without({SYS_pidfd_send_signal}, EPERM, true));
}

// --- signals, waiting

TEST(SignalProcess, NeverReachesAStrangerAfterTheEnd) {
  const Result<Spawned> child = spawn(image_of({"/bin/true"}));
  ASSERT_TRUE(child);
  finish(*child);

  EXPECT_FALSE(signal_process(child->pidfd.borrow(), child->pid, SIGKILL));
}

TEST(SignalProcess, RefusesNumbersThatMeanGroups) {
  EXPECT_FALSE(signal_process(BorrowedFd(), 0, 0));
  EXPECT_FALSE(signal_process(BorrowedFd(), -1, 0));
}

TEST(ExitStatus, IsToldInWords) {
  EXPECT_EQ((ExitStatus{ExitStatus::How::exited, 3, false}.str()), "exit status 3");
  EXPECT_EQ((ExitStatus{ExitStatus::How::signaled, SIGKILL, false}.str()), "killed by SIGKILL");
  EXPECT_EQ((ExitStatus{ExitStatus::How::signaled, SIGSEGV, true}.str()),
            "killed by SIGSEGV (core dumped)");
}

TEST(ReapOne, TellsHowAChildHasEnded) {
  const Result<Spawned> child = spawn(image_of({"/bin/sh", "-c", "exit 5"}));
  ASSERT_TRUE(child);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child->pid), &info, WEXITED | WNOWAIT), 0);

  const auto ended = reap_one();

  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->first, child->pid);
  EXPECT_EQ(ended->second, (ExitStatus{ExitStatus::How::exited, 5, false}));
  EXPECT_FALSE(read_stat(child->pid).has_value());
}

TEST(ReapOne, FindsNothingWhereThereIsNoChild) {
  EXPECT_FALSE(reap_one().has_value());
}

TEST(Spawn, LeaksNoDescriptorInAThousandChildren) {
  const int before = open_fds();

  for (int i = 0; i < 1000; ++i) {
    const Result<Spawned> child = spawn(image_of({"/bin/true"}));
    ASSERT_TRUE(child);
    ASSERT_EQ(finish(*child).wait_status, 0);
  }

  EXPECT_EQ(open_fds(), before);
}

}  // namespace
}  // namespace berth::os
