// Clock: time as berth sees it. Deadlines are points of the monotonic clock, logs carry wall time.
#pragma once

#include <chrono>
#include <cstdint>

namespace berth::os {

using TimePoint = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  /// CLOCK_MONOTONIC.
  virtual TimePoint now() const = 0;
  /// Milliseconds since 1970, CLOCK_REALTIME: for logs and people only.
  virtual std::uint64_t wall_ms() const = 0;
  /// CLOCK_BOOTTIME: as now(), and it counts the time that the machine has slept.
  virtual std::chrono::milliseconds boot_time() const = 0;
  /// How long the machine has slept since it was switched on.
  std::chrono::milliseconds slept() const;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  std::uint64_t wall_ms() const override;
  std::chrono::milliseconds boot_time() const override;
};

}  // namespace berth::os
