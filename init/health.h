// Whether a unit that is ready stays well: HealthProbe asks it, Watchdog waits for it to say so.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "init/probe.h"

namespace berth {

/// Asks a unit in every interval how it is, from one interval after it was made. Destroy it to stop
/// asking.
class HealthProbe {
 public:
  /// Failures in a row: 0 = well again after at least one. answer: as of Probe.
  using Told = std::function<void(std::uint32_t in_a_row, const std::string& answer)>;

  /// Calls `told` from the loop after each failure, and after the first success that follows one;
  /// there the probe may be destroyed.
  HealthProbe(os::EventLoop& loop, const HealthCheck& check, const Address& endpoint,
              CommandRunner runner, Told told);
  ~HealthProbe() { loop_.cancel(next_); }
  HealthProbe(const HealthProbe&) = delete;
  HealthProbe& operator=(const HealthProbe&) = delete;

 private:
  void wait();
  void ask();
  void on_answer(bool yes, const std::string& answer);

  os::EventLoop& loop_;
  const Milliseconds interval_;
  const Milliseconds limit_;
  Probe probe_;
  Told told_;
  std::uint32_t in_a_row_ = 0;
  os::TimerId next_ = os::kNoTimer;
};

/// Waits for a sign of life in every interval. Destroy it to wait no more.
class Watchdog {
 public:
  /// Calls `missed` once, from the loop, when an interval has gone by without a sign; there the
  /// watchdog may be destroyed. The first interval begins now.
  Watchdog(os::EventLoop& loop, Milliseconds interval, std::function<void()> missed);
  ~Watchdog() { loop_.cancel(timer_); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// A sign of life: the interval begins anew. Cheap, however many there are.
  void alive();
  /// Another interval, beginning now. REQUIRES: longer than zero.
  void set_interval(Milliseconds interval);
  Milliseconds interval() const { return interval_; }

 private:
  void look();

  os::EventLoop& loop_;
  Milliseconds interval_;
  os::TimePoint due_;
  std::function<void()> missed_;
  os::TimerId timer_ = os::kNoTimer;
};

}  // namespace berth
