// Timeline: when units got where, and when berth had booted: what `berthctl blame` and
// `critical-chain` tell.
#pragma once

#include <cstddef>

#include "init/os/clock.h"
#include "init/unit_runtime.h"

namespace berth {

class Timeline {
 public:
  /// berth begins now.
  explicit Timeline(const os::Clock& clock) : clock_(clock), begun_(clock.now()) {}

  /// To be called after every change of state.
  void on_state(UnitRuntime& unit, UnitState from);

  os::TimePoint begun() const { return begun_; }
  /// When no unit but tenants was on its way up or down for the first time; the epoch = not yet.
  os::TimePoint booted() const { return booted_; }

 private:
  const os::Clock& clock_;
  os::TimePoint begun_;
  os::TimePoint booted_;
  std::size_t on_their_way_ = 0;  ///< units; not counted any more once berth has booted
};

}  // namespace berth
