// Processes: an ExecImage is prepared by the parent, spawn() turns it into a child, the report pipe
// tells how far the child got. Waiting for children happens in one place, Reaper (init/reaper.h).
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/types.h>

#include "init/os/fd.h"
#include "units/capabilities.h"
#include "units/result.h"

namespace berth::os {

/// What a child becomes, as far as numbers and descriptors say it.
struct ProcessTraits {
  std::size_t fixed_variables = 0;  ///< how many at the end of the environment no file replaces
  BorrowedFd environment_file;  ///< "NAME=value\0"… to put over the environment; closed = none
  BorrowedFd standard_input, standard_output, standard_error;  ///< closed = /dev/null
  bool terminal_input = true;  ///< the terminal is standard input, too
  bool listen_pid = false;     ///< adds LISTEN_PID=<pid of the child> (sd_listen_fds(3))
  bool watchdog_pid = false;   ///< adds WATCHDOG_PID=<pid of the child> (sd_notify(3))
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<gid_t>
      unit_gid;  ///< marks all processes of a unit; left out where the kernel refuses it
  std::optional<mode_t> umask;
  std::optional<int> nice;
  std::optional<int> oom_score_adj;
  bool no_new_privileges = true;
  /// What all five sets are to be, bounding and ambient included; nullopt = as they are.
  std::optional<CapabilitySet> capabilities;
  bool new_session = true;
  bool takes_terminal = false;  ///< instead: see take_terminal() in terminal.h
  BorrowedFd cgroup;  ///< a group of version 2, entered at the fork where the kernel can; closed =
                      ///< the parent's
  bool no_huge_pages = false;  ///< PR_SET_THP_DISABLE
  bool merge_pages = false;    ///< PR_SET_MEMORY_MERGE, Linux 6.4
};

/// Everything that the child needs, resolved and allocated: after the fork only async-signal-safe
/// calls are made.
struct ExecImage : ProcessTraits {
  std::string program;  ///< the path to execute, already looked up
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< "NAME=value"
  std::string working_directory = "/";
  std::string terminal;  ///< becomes its controlling terminal and the standard descriptors
  std::vector<BorrowedFd> passed_fds;  ///< become 3, 4, … in this order, without close-on-exec
  std::vector<gid_t> groups;           ///< set iff uid or gid is set, or `unit_gid` is
  std::vector<std::pair<int, rlimit>> limits;  ///< RLIMIT_*
  std::vector<BorrowedFd> more_cgroups;        ///< entered by writing
};

/// Where a child failed before execve; each has a text.
enum class ChildStage : std::uint8_t {
  environment,
  terminal,
  cgroup,
  standard_fds,
  passed_fds,
  session,
  working_directory,
  limits,
  nice,
  oom_score_adj,
  huge_pages,
  merge,
  groups,
  gid,
  uid,
  capabilities,
  no_new_privileges,
  exec,
};
std::string_view to_string(ChildStage stage);

/// What a shell says of a program that it cannot find, or cannot execute.
inline constexpr int kNoSuchProgram = 127;
inline constexpr int kNotExecutable = 126;

struct ChildFailure {
  ChildStage stage;
  int os_errno;
  int detail = 0;  ///< limits: RLIMIT_*
  int shell_code() const { return os_errno == ENOENT ? kNoSuchProgram : kNotExecutable; }
  /// "execute /usr/bin/redis: No such file or directory"
  std::string describe(const ExecImage& image) const;
};

struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;   ///< closed where the kernel or its seccomp profile has no pidfds
  UniqueFd report;  ///< readable, non-blocking: end of file = execve succeeded, else a ChildFailure
};

class DescriptorLoans;

/// Forks without CLONE_VFORK (clone3 with CLONE_PIDFD; plain fork where that is ENOSYS or EPERM).
/// Where the kernel cannot put the child into its group (CLONE_INTO_CGROUP, Linux 5.7), it enters
/// by itself. loans: spares the child a copy of all descriptors, and may be null; REQUIRES that
/// they are told when the child has ended. Never blocks.
Result<Spawned> spawn(ExecImage image, DescriptorLoans* loans = nullptr);

enum class ReportState { pending, executed, failed };
/// Reads what the child has reported so far; `failure` is set for `failed`. A comfort that the
/// machine does not grant (a limit, a niceness) is no failure: the child goes on, and what it went
/// without is added to `passed_over`, which may be null.
ReportState read_report(BorrowedFd report, std::optional<ChildFailure>& failure,
                        std::vector<ChildFailure>* passed_over = nullptr);

/// Signals a child. With a pidfd never a stranger; without one REQUIRES that the child has not been
/// reaped.
bool signal_process(BorrowedFd pidfd, pid_t pid, int signal);
/// As signal_process(), and to the whole process group if the child leads one.
/// REQUIRES: the child has not been reaped.
void signal_group(BorrowedFd pidfd, pid_t pid, int signal);
/// Signals the process group if the child leads one, else the child alone; nobody gets it twice.
/// REQUIRES: as for signal_process().
void signal_led_group(BorrowedFd pidfd, pid_t pid, int signal);
/// Whether a process group of that number exists.
bool group_exists(pid_t group);
/// Signals a process that is not our child: pidfd_open, `still_the_one()` again, then the signal.
template <typename Check>
bool signal_checked(pid_t pid, int signal, Check still_the_one);
UniqueFd open_pidfd(pid_t pid);

/// How a child ended, from waitid(2).
struct ExitStatus {
  enum class How : std::uint8_t { exited, signaled };
  How how = How::exited;
  int value = 0;  ///< exit code or signal number
  bool core_dumped = false;
  bool operator==(const ExitStatus&) const = default;
  /// "exit status 1", "killed by SIGKILL"
  std::string str() const;
  /// As a shell tells it: the exit code, or 128 + the signal.
  int shell_code() const;
};

/// One child that has ended, or nullopt when none is left to reap.
std::optional<std::pair<pid_t, ExitStatus>> reap_one();

/// PR_SET_CHILD_SUBREAPER.
Result<void> become_subreaper();

template <typename Check>
bool signal_checked(pid_t pid, int signal, Check still_the_one) {
  const UniqueFd pidfd = open_pidfd(pid);
  if (!still_the_one(pid))
    return false;
  return signal_process(pidfd.borrow(), pid, signal);
}

}  // namespace berth::os
