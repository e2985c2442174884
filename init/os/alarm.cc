// The alarm.
#include "init/os/alarm.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/timerfd.h>
#include <unistd.h>

namespace berth::os {
namespace {

constexpr std::uint64_t kPerSecond = 1'000;
constexpr long kNanosecondsPerMillisecond = 1'000'000;
/// In the year 2242: the kernel counts nanoseconds in 63 bits, which end in 2262.
constexpr std::uint64_t kNever = (std::uint64_t{1} << 33) * kPerSecond;

}  // namespace

WallAlarm::WallAlarm(EventLoop& loop, std::function<void()> on_call)
    : loop_(loop), on_call_(std::move(on_call)), handler_([this](Events) {
        std::uint64_t count = 0;
        // Fails with ECANCELED when the clock was set: a reason to look as well.
        if (::read(timer_.borrow().raw(), &count, sizeof count) > 0 || errno == ECANCELED)
          on_call_();
      }) {}

WallAlarm::~WallAlarm() {
  loop_.cancel(again_);
  if (timer_.is_open())
    loop_.unwatch(timer_.borrow());
}

bool WallAlarm::open() {
  if (timer_.is_open())
    return true;
  timer_ = UniqueFd(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  return timer_.is_open() && loop_.watch(timer_.borrow(), true, false, handler_);
}

void WallAlarm::set(std::optional<std::uint64_t> wall_ms) {
  if (!open())
    return timer_.reset();  // tried again with the next set()
  const std::uint64_t when = std::min(wall_ms.value_or(kNever), kNever);
  itimerspec spec{};
  spec.it_value.tv_sec = static_cast<time_t>(when / kPerSecond);
  spec.it_value.tv_nsec = static_cast<long>(when % kPerSecond) * kNanosecondsPerMillisecond;
  // ECANCELED: the clock was set just now; the timer runs all the same.
  const int set = ::timerfd_settime(timer_.borrow().raw(),
                                    TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, nullptr);
  if (set != 0 && errno == ECANCELED) {
    loop_.cancel(again_);
    again_ = loop_.after(std::chrono::nanoseconds(0), on_call_);
  }
}

}  // namespace berth::os
