// kill(2), over and over.
#include "init/os/leftovers.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

#include "init/os/proc_fs.h"

namespace berth::os {
namespace {

using Clock = std::chrono::steady_clock;

constexpr pid_t kKernelThreads = 2;  // kthreadd, the parent of them all
constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::milliseconds kKillLimit{2'000};

// Whether /proc is there and shows the namespace that we are in.
bool sees_itself() {
  std::array<char, 16> number{};
  const ssize_t size = ::readlink("/proc/self", number.data(), number.size());
  return size > 0 && std::string_view(number.data(), static_cast<std::size_t>(size)) ==
                         std::to_string(::getpid());
}

bool is_alive(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat || stat->has_ended())
    return false;
  // A session of 0 and a group of 0 from outside the namespace are not the kernel's.
  const bool is_kernels = stat->group == 0 && stat->session == 0 &&
                          (pid == kKernelThreads || stat->parent == kKernelThreads);
  return !is_kernels;
}

std::vector<pid_t> descendants(pid_t pid) {
  std::vector<pid_t> found = read_children(pid);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::vector<pid_t> children = read_children(found[i]);
    found.insert(found.end(), children.begin(), children.end());
  }
  return found;
}

void reap_all() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

// Without a /proc to choose from, PID 1 can still mean everybody.
void signal_all(const std::vector<pid_t>& spared, int signal) {
  for (const pid_t pid : leftovers(spared))
    ::kill(pid, signal);
  if (::getpid() == 1 && !sees_itself())
    ::kill(-1, signal);
}

bool any_left(const std::vector<pid_t>& spared) {
  reap_all();
  if (sees_itself())
    return !leftovers(spared).empty();
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;  // ECHILD: no child is left
}

// Whether all have gone before `end`; also stops waiting when it is told to hurry.
bool wait_for_all(const std::vector<pid_t>& spared, Clock::time_point end) {
  sigset_t awaited;
  ::sigemptyset(&awaited);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT})
    ::sigaddset(&awaited, signal);
  constexpr timespec pause{0, std::chrono::nanoseconds(kLook).count()};
  while (any_left(spared)) {
    if (Clock::now() >= end)
      return false;
    const int signal = ::sigtimedwait(&awaited, nullptr, &pause);
    if (signal == SIGTERM || signal == SIGINT)
      return false;
  }
  return true;
}

}  // namespace

std::vector<pid_t> leftovers(const std::vector<pid_t>& spared) {
  const pid_t self = ::getpid();
  if (!sees_itself())
    return {};
  std::vector<pid_t> found = self == 1 ? list_pids() : descendants(self);
  std::erase_if(found, [&](pid_t pid) {
    return pid == self || std::find(spared.begin(), spared.end(), pid) != spared.end() ||
           !is_alive(pid);
  });
  return found;
}

void end_leftovers(const std::vector<pid_t>& spared, std::chrono::milliseconds grace) {
  if (!any_left(spared))
    return;
  signal_all(spared, SIGTERM);
  signal_all(spared, SIGCONT);
  if (wait_for_all(spared, Clock::now() + grace))
    return;
  const auto end = Clock::now() + kKillLimit;
  // Some may have been born meanwhile.
  do
    signal_all(spared, SIGKILL);
  while (!wait_for_all(spared, std::min(end, Clock::now() + kLook)) && Clock::now() < end);
}

}  // namespace berth::os
