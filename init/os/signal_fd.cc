// signalfd(2).
#include "init/os/signal_fd.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <sys/signalfd.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {
namespace {

constexpr std::size_t kSignalsPerRead = 16;

sigset_t set_of(const std::vector<int>& signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals)
    ::sigaddset(&set, signal);
  return set;
}

}  // namespace

SignalFd::SignalFd(EventLoop& loop, const std::vector<int>& signals,
                   std::function<void(const SignalInfo&)> callback)
    : loop_(loop), callback_(std::move(callback)) {
  const sigset_t wanted = set_of(signals);
  ::sigprocmask(SIG_BLOCK, &wanted, &mask_before_);
  // Whoever executed us may have ignored some. With SIGCHLD ignored the kernel would reap our
  // children itself, and nobody would learn that they have ended (man 2 waitid, NOTES).
  for (const int each : signals)
    ::signal(each, SIG_DFL);
  fd_ = UniqueFd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_.is_open() || !loop_.watch(fd_.borrow(), true, false, *this)) {
    std::fprintf(stderr, "%s\n", errno_error("signalfd").message.c_str());
    std::exit(1);
  }
}

SignalFd::~SignalFd() {
  loop_.unwatch(fd_.borrow());
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

void SignalFd::on_events(Events) noexcept {
  std::array<signalfd_siginfo, kSignalsPerRead> arrived;
  // What is more than fits waits for the next turn: the watch is level-triggered.
  const ssize_t size = ::read(fd_.raw(), arrived.data(), sizeof arrived);
  for (std::size_t i = 0; size > 0 && i < static_cast<std::size_t>(size) / sizeof arrived[0]; ++i) {
    const signalfd_siginfo& info = arrived[i];
    callback_({static_cast<int>(info.ssi_signo), static_cast<pid_t>(info.ssi_pid), info.ssi_uid});
  }
}

}  // namespace berth::os
