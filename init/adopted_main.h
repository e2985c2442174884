// AdoptedMain: the end of a main process that berth did not make itself: one that a unit has named
// by MAINPID=.
#pragma once

#include <functional>
#include <optional>

#include "init/os/event_loop.h"
#include "init/reaper.h"

namespace berth {

/// As PID 1 or as a subreaper berth becomes its parent when its own one is gone, and reaps it.
/// While its parent lives, only the pidfd tells that it has ended, and only that parent learns how.
class AdoptedMain final : private os::FdHandler {
 public:
  /// `ended` is called once, from the loop; nullopt: nobody knows how. There this may be destroyed.
  /// pidfd: of `pid`; must outlive this. Closed, if the kernel has none: REQUIRES that `pid` is a
  /// child of berth then.
  AdoptedMain(os::EventLoop& loop, Reaper& reaper, pid_t pid, os::BorrowedFd pidfd,
              std::function<void(std::optional<os::ExitStatus>)> ended);
  ~AdoptedMain() override;
  AdoptedMain(const AdoptedMain&) = delete;
  AdoptedMain& operator=(const AdoptedMain&) = delete;

 private:
  void on_events(os::Events events) override;
  void leave();
  void tell(std::optional<os::ExitStatus> status);

  os::EventLoop& loop_;
  Reaper& reaper_;
  const pid_t pid_;
  const os::BorrowedFd pidfd_;
  std::function<void(std::optional<os::ExitStatus>)> ended_;
  os::TimerId given_up_ = os::kNoTimer;
};

}  // namespace berth
