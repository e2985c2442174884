// What a child does between fork and execve. Only functions of signal-safety(7) and bare system
// calls: no allocation, no lock, no return.
#include "init/os/child.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/os/child_environment.h"
#include "init/os/descriptor_loans.h"
#include "init/os/terminal.h"

namespace berth::os {
namespace {

constexpr int kExecFailed = 127;  // what a shell exits with, too
constexpr unsigned kMostCapabilities = 64;
constexpr std::size_t kFirstPassedFd = 3;
constexpr std::string_view kListenPid = "LISTEN_PID=";
constexpr std::string_view kWatchdogPid = "WATCHDOG_PID=";
constexpr std::size_t kMostOwnPids = 2;
constexpr int kSetMemoryMerge = 67;  // PR_SET_MEMORY_MERGE; the headers of Debian 12 are older
constexpr std::size_t kDigitsOfPid = std::numeric_limits<pid_t>::digits10 + 1;

// The kernel's own layout (man 2 sigaction, "C library/kernel differences"). glibc's sigaction()
// refuses 32 and 33, which an ignoring parent may have handed down all the same.
struct KernelSigaction {
  unsigned long handler = 0;  // SIG_DFL
  unsigned long flags = 0;
  unsigned long restorer = 0;
  std::uint64_t mask = 0;
};
constexpr int kLastSignal = 64;

void reset_dispositions() {
  const KernelSigaction defaults;
  for (int signal = 1; signal <= kLastSignal; ++signal)
    ::syscall(SYS_rt_sigaction, signal, &defaults, nullptr, sizeof defaults.mask);
}

void empty_mask() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// A number from the name of an entry of /proc/self/fd; -1 for "." and "..".
int number_of(const char* name) {
  int number = 0;
  for (; *name != '\0'; ++name) {
    if (*name < '0' || *name > '9')
      return -1;
    number = number * 10 + (*name - '0');
  }
  return number;
}

void set_close_on_exec(const char* entries, long size, int first) {
  for (long at = 0; at < size;) {
    const auto* entry = reinterpret_cast<const dirent64*>(entries + at);
    const int fd = number_of(entry->d_name);
    if (fd >= first)
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    at += entry->d_reclen;
  }
}

// What reads as empty. A machine without a /dev/null still has pipes, which do for standard input.
int open_nothing() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  int ends[2];
  if (null >= 0 || ::pipe2(ends, O_CLOEXEC) != 0)
    return null;
  ::close(ends[1]);
  return ends[0];
}

// Where the kernel or its seccomp profile has no close_range(2). readdir(3) would allocate.
bool seal_by_proc(int first) {
  const int folder = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return false;
  alignas(dirent64) char entries[4096];
  long size = 0;
  while ((size = ::getdents64(folder, entries, sizeof entries)) > 0)
    set_close_on_exec(entries, size, first);
  ::close(folder);
  return size == 0;
}

// As much of `wanted` as an unprivileged process may have.
bool set_limit_within_reach(int resource, rlimit wanted) {
  rlimit current{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &current) != 0)
    return false;
  wanted.rlim_max = std::min(wanted.rlim_max, current.rlim_max);
  wanted.rlim_cur = std::min(wanted.rlim_cur, wanted.rlim_max);
  return ::setrlimit(static_cast<__rlimit_resource>(resource), &wanted) == 0;
}

bool has(CapabilitySet set, unsigned capability) {
  return (set >> capability & 1U) != 0;
}

// Any of them: it keeps them over the change of the uid (man 7 capabilities).
bool keeps_any(const std::optional<CapabilitySet>& set) {
  return set.value_or(0) != 0;
}

// Moves this process into a group. // cgroups(7): 0 is the writing process
bool enter_cgroup(int group) {
  const int file = ::openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  const bool entered = ::write(file, "0", 1) == 1;
  const int refused = errno;
  ::close(file);
  errno = refused;
  return entered;
}

}  // namespace

ChildPlan::ChildPlan(const ExecImage& image, BorrowedFd report)
    : traits_(image),
      program_(keep(image.program)),
      working_directory_(keep(image.working_directory)),
      terminal_(image.terminal.empty() ? nullptr : keep(image.terminal)),
      argv_(&memory_),
      environment_(&memory_),
      variables_(nullptr),
      own_pid_(&memory_),
      fds_({image.standard_input.raw(), image.standard_output.raw(), image.standard_error.raw()},
           &memory_),
      groups_(image.groups.begin(), image.groups.end(), &memory_),
      limits_(image.limits.begin(), image.limits.end(), &memory_),
      more_cgroups_(image.more_cgroups.begin(), image.more_cgroups.end(), &memory_),
      oom_text_{},
      report_(report.raw()) {
  argv_.reserve(image.argv.size() + 1);
  for (const std::string& argument : image.argv)
    argv_.push_back(keep(argument));
  argv_.push_back(nullptr);
  environment_.reserve(image.environment.size() + kMostOwnPids + 1);
  for (const std::string& variable : image.environment)
    environment_.push_back(keep(variable));
  for (const auto& [is_wanted, name] :
       {std::pair(traits_.listen_pid, kListenPid), std::pair(traits_.watchdog_pid, kWatchdogPid)}) {
    if (!is_wanted)
      continue;
    environment_.push_back(keep(name, kDigitsOfPid));
    own_pid_.push_back(environment_.back() + name.size());
  }
  environment_.push_back(nullptr);
  variables_ = environment_.data();

  for (const BorrowedFd fd : image.passed_fds)
    fds_.push_back(fd.raw());
  if (traits_.unit_gid.has_value())
    groups_.push_back(*traits_.unit_gid);
  if (traits_.oom_score_adj.has_value()) {
    const auto end = std::to_chars(oom_text_.begin(), oom_text_.end(), *traits_.oom_score_adj).ptr;
    oom_length_ = static_cast<std::size_t>(end - oom_text_.data());
  }
}

// A copy of the text, ended by `room` zero bytes and one.
char* ChildPlan::keep(std::string_view text, std::size_t room) {
  const std::size_t size = text.size() + room + 1;
  char* const copy = static_cast<char*>(memory_.allocate(size, 1));
  std::memcpy(copy, text.data(), text.size());
  std::memset(copy + text.size(), 0, room + 1);
  return copy;
}

void ChildPlan::set_loan(std::uint32_t number, BorrowedFd notices) {
  loan_ = number;
  notices_ = notices;
}

void ChildPlan::run(bool in_cgroup) {
  require(ChildStage::passed_fds, copy_table());
  reset_dispositions();
  require(ChildStage::environment, merge_file());
  require(ChildStage::terminal, open_terminal());
  // Before the descriptors are placed: they would be overwritten.
  attempt(ChildStage::cgroup, enter_cgroups(in_cgroup));
  require(ChildStage::standard_fds, lift_fds() && place_fds(0, kFirstPassedFd));
  require(ChildStage::passed_fds, place_fds(kFirstPassedFd, fds_.size()) && seal_other_fds());
  if (traits_.takes_terminal)
    require(ChildStage::session, take_terminal());
  else if (traits_.new_session)
    require(ChildStage::session, ::setsid() >= 0);
  if (terminal_ != nullptr)
    require(ChildStage::terminal, ::ioctl(STDOUT_FILENO, TIOCSCTTY, 0) == 0);
  if (traits_.umask.has_value())
    ::umask(*traits_.umask);
  set_limits();
  if (traits_.nice.has_value())
    attempt(ChildStage::nice, ::setpriority(PRIO_PROCESS, 0, *traits_.nice) == 0);
  if (traits_.no_huge_pages)
    attempt(ChildStage::huge_pages, ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
  if (traits_.merge_pages)
    attempt(ChildStage::merge, ::prctl(kSetMemoryMerge, 1, 0, 0, 0) == 0);
  if (oom_length_ != 0)
    attempt(ChildStage::oom_score_adj, set_oom_score_adj());

  // The bounding set needs CAP_SETPCAP, the groups CAP_SETGID: both are gone after set_uid().
  if (traits_.capabilities.has_value())
    require(ChildStage::capabilities, reduce_bounding_set());
  require(ChildStage::groups, set_groups());
  require(ChildStage::gid, set_gid());
  require(ChildStage::uid, set_uid());
  if (traits_.capabilities.has_value())
    require(ChildStage::capabilities, set_capabilities());
  // As the unit itself: root without CAP_DAC_OVERRIDE may not enter where the unit's user may.
  require(ChildStage::working_directory, ::chdir(working_directory_) == 0);
  if (traits_.no_new_privileges)
    require(ChildStage::no_new_privileges, ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);

  write_own_pid();
  empty_mask();
  ::execve(program_, argv_.data(), variables_);
  require(ChildStage::exec, false);
  ::_exit(kExecFailed);
}

void ChildPlan::report_failure(ChildStage stage, int detail) const {
  const ChildReport report{static_cast<std::int32_t>(stage), errno, detail};
  // Nobody is left to tell if this fails; the exit status still says 127.
  if (::write(report_, &report, sizeof report) < 0)
    return;
}

void ChildPlan::require(ChildStage stage, bool done) const {
  if (done)
    return;
  report_failure(stage);
  ::_exit(kExecFailed);
}

void ChildPlan::attempt(ChildStage stage, bool done) const {
  if (!done)
    report_failure(stage);
}

// Before anything that changes a descriptor: it would change the parent's.
bool ChildPlan::copy_table() const {
  constexpr auto kReach = static_cast<unsigned>(DescriptorLoans::kReach);
  return !notices_.is_open() ||
         (::close_range(kReach, std::numeric_limits<unsigned>::max(), CLOSE_RANGE_UNSHARE) == 0 &&
          ::write(notices_.raw(), &loan_, sizeof loan_) == sizeof loan_);
}

// Before others are placed: the descriptor of the file may lie where another one will be placed.
bool ChildPlan::merge_file() {
  if (!traits_.environment_file.is_open())
    return true;
  const std::span<char* const> own(environment_.data(), environment_.size() - 1);
  const std::size_t fixed = traits_.fixed_variables + own_pid_.size();
  variables_ = merge_environment(own, fixed, traits_.environment_file);
  return variables_ != nullptr;
}

// O_NONBLOCK: a terminal may wait for its carrier otherwise (man 3 termios, CLOCAL).
bool ChildPlan::open_terminal() {
  if (terminal_ == nullptr)
    return true;
  const int terminal = ::open(terminal_, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (terminal < 0 || ::fcntl(terminal, F_SETFL, O_RDWR) != 0)
    return false;
  fds_[STDOUT_FILENO] = terminal;
  fds_[STDERR_FILENO] = terminal;
  if (traits_.terminal_input)
    fds_[STDIN_FILENO] = terminal;
  return true;
}

// All of them, even if one refuses.
bool ChildPlan::enter_cgroups(bool in_cgroup) const {
  int refused = 0;
  if (!in_cgroup && traits_.cgroup.is_open() && !enter_cgroup(traits_.cgroup.raw()))
    refused = errno;
  for (const BorrowedFd group : more_cgroups_)
    if (!enter_cgroup(group.raw()))
      refused = errno;
  errno = refused;
  return refused == 0;
}

// Moves every descriptor that is to be placed above the places, so that no dup2() overwrites one
// that is still to come.
bool ChildPlan::lift_fds() {
  const int places = static_cast<int>(fds_.size());
  if (report_ < places && (report_ = ::fcntl(report_, F_DUPFD_CLOEXEC, places)) < 0)
    return false;
  for (int& fd : fds_) {
    if (fd < 0 && (fd = open_nothing()) < 0)
      return false;
    if (fd < places && (fd = ::fcntl(fd, F_DUPFD_CLOEXEC, places)) < 0)
      return false;
  }
  return true;
}

bool ChildPlan::place_fds(std::size_t first, std::size_t last) const {
  for (std::size_t place = first; place < last; ++place)
    if (::dup2(fds_[place], static_cast<int>(place)) < 0)
      return false;
  return true;
}

bool ChildPlan::seal_other_fds() const {
  const auto first = static_cast<unsigned>(fds_.size());
  if (::close_range(first, std::numeric_limits<unsigned>::max(), CLOSE_RANGE_CLOEXEC) == 0)
    return true;
  return seal_by_proc(static_cast<int>(first));
}

void ChildPlan::set_limits() const {
  for (const auto& [resource, limit] : limits_) {
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0)
      continue;
    report_failure(ChildStage::limits, resource);
    set_limit_within_reach(resource, limit);
  }
}

// Lowering it needs CAP_SYS_RESOURCE, which a container seldom has.
bool ChildPlan::set_oom_score_adj() const {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  const bool written = ::write(file, oom_text_.data(), oom_length_) >= 0;
  const int reason = errno;
  ::close(file);
  errno = reason;
  return written;
}

// Bare system calls for the ids: glibc's wrappers speak to all threads and are not in
// signal-safety(7).
bool ChildPlan::set_groups() const {
  const bool ids_change = traits_.uid.has_value() || traits_.gid.has_value();
  if (!ids_change && !traits_.unit_gid.has_value())
    return true;
  if (::syscall(SYS_setgroups, groups_.size(), groups_.data()) == 0)
    return true;
  // The mark is a help, not a duty: without it, the unit is found by its session.
  if (!traits_.unit_gid.has_value())
    return false;
  return !ids_change || ::syscall(SYS_setgroups, groups_.size() - 1, groups_.data()) == 0;
}

bool ChildPlan::reduce_bounding_set() const {
  for (unsigned capability = 0; capability < kMostCapabilities; ++capability) {
    if (has(*traits_.capabilities, capability) ||
        ::prctl(PR_CAPBSET_DROP, static_cast<unsigned long>(capability), 0, 0, 0) == 0)
      continue;
    if (errno == EINVAL)  // beyond the last one that this kernel knows
      return true;
    // Without CAP_SETPCAP the set stays; with no_new_privileges nothing can be gained from it.
    return errno == EPERM && traits_.no_new_privileges;
  }
  return true;
}

// Permitted, effective, inheritable and ambient; the last is what execve leaves to a user.
bool ChildPlan::set_capabilities() const {
  const CapabilitySet set = *traits_.capabilities;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  for (unsigned word = 0; word < _LINUX_CAPABILITY_U32S_3; ++word) {
    const auto bits = static_cast<std::uint32_t>(set >> (32 * word));
    data[word] = {bits, bits, bits};
  }
  // EINVAL: a kernel before 4.3 has no ambient set to clear.
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    return false;
  if (::syscall(SYS_capset, &header, data) != 0)
    return false;
  for (unsigned capability = 0; capability < kMostCapabilities; ++capability)
    if (has(set, capability) && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
                                        static_cast<unsigned long>(capability), 0, 0) != 0)
      return false;
  return true;
}

bool ChildPlan::set_gid() const {
  if (!traits_.gid.has_value())
    return true;
  return ::syscall(SYS_setresgid, *traits_.gid, *traits_.gid, *traits_.gid) == 0;
}

bool ChildPlan::set_uid() const {
  if (!traits_.uid.has_value())
    return true;
  if (keeps_any(traits_.capabilities) && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
    return false;
  return ::syscall(SYS_setresuid, *traits_.uid, *traits_.uid, *traits_.uid) == 0;
}

void ChildPlan::write_own_pid() {
  for (char* const digits : own_pid_)
    std::to_chars(digits, digits + kDigitsOfPid, ::getpid());
}

}  // namespace berth::os
