// SignalFd: signals as events of the loop instead of interruptions.
#pragma once

#include <csignal>
#include <functional>
#include <vector>

#include <sys/types.h>

#include "init/os/event_loop.h"
#include "init/os/fd.h"

namespace berth::os {

/// One signal that has arrived.
struct SignalInfo {
  int signal = 0;
  pid_t sender = 0;  ///< 0 = from outside the PID namespace, or from the kernel
  uid_t sender_uid = 0;
};

/// Blocks a set of signals for the whole process and hands each one to a callback, from the loop.
/// Signals of one kind that come close together arrive as one (signal(7)): SIGCHLD means "look for
/// all". Owned by main(); the mask it found comes back with its end.
class SignalFd final : public FdHandler {
 public:
  /// Dies with a message if the kernel refuses: before the loop runs there is nothing to save.
  SignalFd(EventLoop& loop, const std::vector<int>& signals,
           std::function<void(const SignalInfo&)> callback);
  ~SignalFd() override;
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;

  void on_events(Events events) noexcept override;

 private:
  EventLoop& loop_;
  std::function<void(const SignalInfo&)> callback_;
  sigset_t mask_before_;
  UniqueFd fd_;
};

}  // namespace berth::os
