// The kernel's clocks.
#include "init/os/clock.h"

#include <ctime>

namespace berth::os {

std::chrono::milliseconds Clock::slept() const {
  // In this order, so that being kept waiting between the two looks like no sleep.
  const auto with_sleep = boot_time();
  return with_sleep -
         std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
}

std::chrono::milliseconds SystemClock::boot_time() const {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 std::chrono::nanoseconds(time.tv_nsec));
}

std::uint64_t SystemClock::wall_ms() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
}

}  // namespace berth::os
