// Counting uses, and saying so.
#include "proxy/activity.h"

#include <chrono>
#include <utility>

namespace berth::proxy {
namespace {

constexpr Milliseconds kQuiet{1'000};

}  // namespace

void Activity::configure(bool wanted) {
  if (std::exchange(wanted_, wanted) == wanted)
    return;
  wheel_.disarm(timer_);
  said_busy_ = wanted && uses_ > 0;
  if (wanted)
    control_.send(control::Activity{said_busy_, Milliseconds(0)});
}

void Activity::Use::begin(Activity& activity) {
  activity_ = &activity;
  ++activity.uses_;
  if (!activity.wanted_ || std::exchange(activity.said_busy_, true))
    return;
  activity.control_.send(control::Activity{true, Milliseconds(0)});
}

void Activity::Use::end() {
  if (Activity* const activity = std::exchange(activity_, nullptr))
    activity->leave();
}

void Activity::leave() {
  --uses_;
  last_use_ = loop_.now();
  if (uses_ == 0 && said_busy_ && !timer_.is_armed())
    wheel_.arm(timer_, last_use_ + kQuiet);
}

void Activity::look() noexcept {
  if (uses_ > 0)
    return;  // its end looks again
  if (loop_.now() < last_use_ + kQuiet)
    return wheel_.arm(timer_, last_use_ + kQuiet);
  said_busy_ = false;
  control_.send(
      control::Activity{false, std::chrono::floor<Milliseconds>(loop_.now() - last_use_)});
}

}  // namespace berth::proxy
