// FakeClock: time that stands still until a test moves it.
#pragma once

#include "init/os/clock.h"

namespace berth {

class FakeClock final : public os::Clock {
 public:
  os::TimePoint now() const override { return now_; }
  std::uint64_t wall_ms() const override { return wall_ms_; }
  std::chrono::milliseconds boot_time() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()) + slept_;
  }

  void advance(std::chrono::milliseconds by) {
    now_ += by;
    wall_ms_ += static_cast<std::uint64_t>(by.count());
  }

  /// The machine sleeps.
  void sleep(std::chrono::milliseconds time) {
    slept_ += time;
    wall_ms_ += static_cast<std::uint64_t>(time.count());
  }
  /// Somebody sets the wall clock.
  void set_wall(std::uint64_t wall_ms) { wall_ms_ = wall_ms; }

 private:
  os::TimePoint now_{std::chrono::hours(1)};
  std::chrono::milliseconds slept_{0};
  std::uint64_t wall_ms_ = 1'700'000'000'123;  ///< 2023-11-14T22:13:20.123Z
};

}  // namespace berth
