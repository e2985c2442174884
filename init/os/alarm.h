// Alarm: wakes the loop at a time of the wall clock, and when that clock was set or the machine has
// slept.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "init/os/event_loop.h"
#include "init/os/fd.h"

namespace berth::os {

class Alarm {
 public:
  virtual ~Alarm() = default;
  /// The next call, in milliseconds since 1970; replaces the one before. nullopt: none but for a
  /// change of the clock.
  virtual void set(std::optional<std::uint64_t> wall_ms) = 0;
};

/// A timer of CLOCK_REALTIME that the kernel cancels whenever that clock makes a jump; it does so
/// at the end of a sleep as well (timerfd_create(2): TFD_TIMER_CANCEL_ON_SET). So nothing has to
/// look from time to time. Costs a descriptor from the first set() on.
class WallAlarm final : public Alarm {
 public:
  /// `on_call` is called from the loop, and has to set the alarm anew.
  WallAlarm(EventLoop& loop, std::function<void()> on_call);
  ~WallAlarm() override;
  WallAlarm(const WallAlarm&) = delete;
  WallAlarm& operator=(const WallAlarm&) = delete;

  void set(std::optional<std::uint64_t> wall_ms) override;

 private:
  bool open();

  EventLoop& loop_;
  std::function<void()> on_call_;
  UniqueFd timer_;
  FunctionHandler handler_;
  TimerId again_ = kNoTimer;
};

}  // namespace berth::os
