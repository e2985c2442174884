// StateFeed: tells every change of a unit's state to whoever listens (`berthctl events`), through
// pipes that never make berth wait.
#pragma once

#include <functional>
#include <string>

#include "init/followers.h"
#include "init/unit_runtime.h"

namespace berth {

class StateFeed {
 public:
  using WaitsFor = std::function<std::string(const UnitRuntime&)>;
  /// waits_for: what a waiting unit waits for, in words.
  StateFeed(os::EventLoop& loop, WaitsFor waits_for);

  /// Takes the write end of a pipe, which gets lines of units/state_change.h from now on. One that
  /// is no pipe, and one too many, is closed.
  void follow(os::UniqueFd pipe);
  /// To be called after every change of state, once it has been acted upon.
  void tell(const UnitRuntime& unit, UnitState from);

 private:
  std::string reason_of(const UnitRuntime& unit) const;

  os::EventLoop& loop_;
  WaitsFor waits_for_;
  Followers followers_;
};

}  // namespace berth
