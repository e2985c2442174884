// Activity: whether anybody uses the proxy. PID 1 is told when that changes, if it wants to know.
#pragma once

#include <cstdint>

#include "init/os/event_loop.h"
#include "proxy/lease.h"
#include "proxy/timer_wheel.h"

namespace berth::proxy {

/// A change costs a message: it is busy at once, and quiet only when nobody has come for a second.
class Activity {
 public:
  Activity(const os::EventLoop& loop, TimerWheel& wheel, ControlSender& control)
      : loop_(loop), wheel_(wheel), control_(control) {}

  /// wanted: by PID 1, which is told how it stands if it did not want to know before.
  void configure(bool wanted);

  /// Somebody's use, which ends with it.
  class Use {
   public:
    Use() = default;
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { end(); }
    /// Once, or again after end().
    void begin(Activity& activity);
    void end();

   private:
    Activity* activity_ = nullptr;  ///< null = it is none
  };

 private:
  void leave();
  void look() noexcept;

  const os::EventLoop& loop_;
  TimerWheel& wheel_;
  ControlSender& control_;
  std::uint32_t uses_ = 0;
  bool wanted_ = false;
  bool said_busy_ = false;
  os::TimePoint last_use_;
  MemberTimer<Activity, &Activity::look> timer_{*this};  ///< armed: a look is due
};

}  // namespace berth::proxy
