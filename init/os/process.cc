// Forking, the report pipe, signals, waitid.
#include "init/os/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <optional>

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/os/child.h"
#include "init/os/descriptor_loans.h"
#include "init/os/errno_error.h"
#include "init/os/inherited_memory.h"
#include "init/os/resource_limits.h"
#include "units/values.h"

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36: no BEGIN_DECLS
}

namespace berth::os {
namespace {

// In the order of ChildStage.
constexpr auto kStageNames = std::to_array<std::string_view>({
    "environment",
    "terminal",
    "cgroup",
    "standard_fds",
    "passed_fds",
    "session",
    "working_directory",
    "limits",
    "nice",
    "oom_score_adj",
    "huge_pages",
    "merge",
    "groups",
    "gid",
    "uid",
    "capabilities",
    "no_new_privileges",
    "exec",
});
static_assert(kStageNames.size() == static_cast<std::size_t>(ChildStage::exec) + 1);

// Blocks every signal, so that no handler of the parent's runs in the child before it has reset
// them.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// "Not here": ENOSYS from an old kernel, EPERM from an old seccomp profile.
bool is_missing(int number) {
  return number == ENOSYS || number == EPERM;
}

// Failures of the machine, not of the way in which it was asked.
bool is_exhausted(int number) {
  return number == EAGAIN || number == ENOMEM;
}

// -1 on failure, 0 in the child, which has no heap.
pid_t clone_without_heap(clone_args& args) {
  const HeapKeptBack kept_back;
  return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
}

// fork(2) with a pidfd where that can be had; 0 in the child, -1 on failure. flags: CLONE_FILES or
// 0. entered: the child is in `cgroup`.
pid_t fork_with_pidfd(std::uint64_t flags, BorrowedFd cgroup, bool& entered, UniqueFd& pidfd) {
  int fd = -1;
  clone_args args{};
  args.flags = CLONE_PIDFD | flags;
  args.pidfd = reinterpret_cast<std::uint64_t>(&fd);
  args.exit_signal = SIGCHLD;
  entered = cgroup.is_open();
  if (entered) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(cgroup.raw());
  }
  pid_t pid = clone_without_heap(args);
  if (pid < 0 && entered && !is_exhausted(errno)) {
    entered = false;
    args.flags = CLONE_PIDFD | flags;
    args.cgroup = 0;
    pid = clone_without_heap(args);
  }
  if (pid < 0 && is_missing(errno)) {
    pid = ::fork();
    if (pid > 0)
      fd = ::pidfd_open(pid, 0);
  }
  if (pid > 0)
    pidfd = UniqueFd(fd);
  return pid;
}

ExitStatus status_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED)
    return ExitStatus{ExitStatus::How::exited, info.si_status, false};
  return ExitStatus{ExitStatus::How::signaled, info.si_status, info.si_code == CLD_DUMPED};
}

// False when nothing has ended (or there is no child at all).
bool wait_once(siginfo_t& info) {
  int outcome = -1;
  do {
    info = {};
    outcome = ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG);
  } while (outcome != 0 && errno == EINTR);
  return outcome == 0 && info.si_pid != 0;
}

std::string attempt_of(ChildStage stage, int detail, const ExecImage& image) {
  switch (stage) {
    case ChildStage::environment:
      return "read the variables of env_file and secrets";
    case ChildStage::terminal:
      return "make tty " + image.terminal + " its controlling terminal";
    case ChildStage::cgroup:
      return "enter its cgroup";
    case ChildStage::standard_fds:
      return "set up standard input and output";
    case ChildStage::passed_fds:
      return "pass on " + std::to_string(image.passed_fds.size()) + " descriptors";
    case ChildStage::session:
      return "make a session";
    case ChildStage::working_directory:
      return "change to working_directory " + image.working_directory;
    case ChildStage::limits:
      return "set limits." + std::string(limit_name(detail));
    case ChildStage::nice:
      return "set nice " + std::to_string(image.nice.value_or(0));
    case ChildStage::oom_score_adj:
      return "set oom_score_adj " + std::to_string(image.oom_score_adj.value_or(0));
    case ChildStage::huge_pages:
      return "set huge_pages";
    case ChildStage::merge:
      return "set merge";
    case ChildStage::groups:
      return "set the supplementary groups";
    case ChildStage::gid:
      return "become group " + std::to_string(image.gid.value_or(0));
    case ChildStage::uid:
      return "become user " + std::to_string(image.uid.value_or(0));
    case ChildStage::capabilities:
      return "set capabilities";
    case ChildStage::no_new_privileges:
      return "set no_new_privileges";
    case ChildStage::exec:
      return "execute " + image.program;
  }
  return "start " + image.program;
}

}  // namespace

std::string_view to_string(ChildStage stage) {
  return kStageNames[static_cast<std::size_t>(stage)];
}

std::string ChildFailure::describe(const ExecImage& image) const {
  return attempt_of(stage, detail, image) + ": " + errno_text(os_errno);
}

Result<Spawned> spawn(ExecImage image, DescriptorLoans* loans) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return errno_error("make the report pipe for " + image.program);
  Spawned child;
  child.report = UniqueFd(ends[0]);
  const UniqueFd report_end(ends[1]);
  BorrowedFd report = report_end.borrow();
  auto loan = loans != nullptr ? loans->lend(image, report) : std::nullopt;
  std::optional<ChildPlan> plan;
  try {
    plan.emplace(image, report);
  } catch (const std::bad_alloc&) {
    return errno_error("map the plan of a process for " + image.program, ENOMEM);
  }
  if (loan)
    plan->set_loan(loan->number, loans->notices());

  const AllSignalsBlocked blocked;
  bool in_cgroup = false;
  child.pid = fork_with_pidfd(loan ? CLONE_FILES : 0, image.cgroup, in_cgroup, child.pidfd);
  if (child.pid == 0)
    plan->run(in_cgroup);
  if (child.pid < 0)
    return errno_error("fork for " + image.program);
  if (loan)
    loans->hand_over(*std::move(loan), child.pid);
  if (loans != nullptr) {
    child.pidfd = DescriptorLoans::out_of_reach(std::move(child.pidfd));
    child.report = DescriptorLoans::out_of_reach(std::move(child.report));
  }
  return child;
}

ReportState read_report(BorrowedFd report, std::optional<ChildFailure>& failure,
                        std::vector<ChildFailure>* passed_over) {
  for (;;) {
    ChildReport record{};
    const ssize_t got = ::read(report.raw(), &record, sizeof record);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno == EAGAIN ? ReportState::pending : ReportState::executed;
    if (got != static_cast<ssize_t>(sizeof record))
      return ReportState::executed;
    const ChildFailure told{static_cast<ChildStage>(record.stage), record.os_errno, record.detail};
    if (!is_comfort(told.stage)) {
      failure = told;
      return ReportState::failed;
    }
    if (passed_over != nullptr)
      passed_over->push_back(told);
  }
}

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(::pidfd_open(pid, 0));
}

bool signal_process(BorrowedFd pidfd, pid_t pid, int signal) {
  if (pidfd.is_open()) {
    if (::pidfd_send_signal(pidfd.raw(), signal, nullptr, 0) == 0)
      return true;
    if (!is_missing(errno))
      return false;
    // A pidfd becomes readable when its process ends; until then the number is its own.
    pollfd ended{pidfd.raw(), POLLIN, 0};
    if (::poll(&ended, 1, 0) != 0)
      return false;
  }
  // 0 and negative numbers would mean groups, or everybody.
  return pid > 0 && ::kill(pid, signal) == 0;
}

void signal_group(BorrowedFd pidfd, pid_t pid, int signal) {
  signal_process(pidfd, pid, signal);
  if (pid > 1)
    ::kill(-pid, signal);
}

void signal_led_group(BorrowedFd pidfd, pid_t pid, int signal) {
  // Signal 0 asks whether it is still there; until it is reaped the number is its own.
  if (pid > 1 && signal_process(pidfd, pid, 0) && ::getpgid(pid) == pid)
    ::kill(-pid, signal);
  else
    signal_process(pidfd, pid, signal);
}

bool group_exists(pid_t group) {
  return group > 1 && (::kill(-group, 0) == 0 || errno != ESRCH);
}

std::string ExitStatus::str() const {
  if (how == How::exited)
    return "exit status " + std::to_string(value);
  return "killed by " + signal_name(value) + (core_dumped ? " (core dumped)" : "");
}

int ExitStatus::shell_code() const {
  constexpr int kKilledBy = 128;
  return how == How::exited ? value : kKilledBy + value;
}

std::optional<std::pair<pid_t, ExitStatus>> reap_one() {
  siginfo_t info{};
  if (!wait_once(info))
    return std::nullopt;
  return std::pair{info.si_pid, status_of(info)};
}

Result<void> become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    return errno_error("become a child subreaper");
  return {};
}

}  // namespace berth::os
