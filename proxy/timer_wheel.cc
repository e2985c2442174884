// A hashed wheel of intrusive rings.
#include "proxy/timer_wheel.h"

#include <algorithm>
#include <limits>

namespace berth::proxy {
namespace {

constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void TimerNode::unlink() noexcept {
  if (next_ == nullptr)
    return;
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = next_ = nullptr;
}

TimerWheel::TimerWheel(os::TimePoint start) : start_(start), earliest_(kNever) {
  for (Ring& ring : slots_)
    ring.prev_ = ring.next_ = &ring;
}

std::uint32_t TimerWheel::tick_of(os::TimePoint when) const {
  if (when <= start_)
    return 0;
  const auto ticks = (when - start_ + kTick - std::chrono::nanoseconds(1)) / kTick;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(ticks, kNever - 1));
}

void TimerWheel::insert(TimerNode& ring, TimerNode& node) {
  node.prev_ = ring.prev_;
  node.next_ = &ring;
  ring.prev_->next_ = &node;
  ring.prev_ = &node;
}

void TimerWheel::link(TimerNode& node) {
  node.slot_ = std::min(node.due_, current_ + kSlots - 1);
  earliest_ = std::min(earliest_, node.slot_);
  insert(slots_[node.slot_ % kSlots], node);
}

void TimerWheel::arm(TimerNode& node, os::TimePoint when) {
  node.due_ = std::max(tick_of(when), current_ + 1);
  if (node.is_armed() && node.slot_ <= node.due_)
    return;
  node.unlink();
  link(node);
}

void TimerWheel::move_ring(std::uint32_t slot, TimerNode& to) {
  TimerNode& from = slots_[slot % kSlots];
  to.prev_ = to.next_ = &to;
  if (from.next_ == &from)
    return;
  to.next_ = from.next_;
  to.prev_ = from.prev_;
  to.next_->prev_ = &to;
  to.prev_->next_ = &to;
  from.next_ = from.prev_ = &from;
}

void TimerWheel::advance(os::TimePoint now) {
  // Whole ticks that have passed: a node is never called early.
  const auto passed = std::max<std::int64_t>((now - start_) / kTick, 0);
  const auto target = static_cast<std::uint32_t>(std::min<std::int64_t>(passed, kNever - 1));
  if (target < earliest_) {
    current_ = std::max(current_, target);
    return;
  }
  // Having slept for more than a round, each slot is looked at once.
  const std::uint32_t first = std::max(current_ + 1, target >= kSlots ? target - kSlots + 1 : 0);
  for (std::uint32_t tick = first; tick <= target; ++tick) {
    Ring due;
    move_ring(tick, due);
    current_ = tick;
    while (due.next_ != &due) {
      TimerNode& node = *due.next_;
      node.unlink();
      if (node.due_ > target)
        link(node);
      else
        node.on_timer();
    }
    due.next_ = due.prev_ = nullptr;
  }
  find_earliest();
}

void TimerWheel::find_earliest() {
  earliest_ = kNever;
  for (std::uint32_t tick = current_ + 1; tick < current_ + kSlots; ++tick) {
    const Ring& ring = slots_[tick % kSlots];
    if (ring.next_ != &ring) {
      earliest_ = tick;
      return;
    }
  }
}

std::optional<os::TimePoint> TimerWheel::next_due() const {
  if (earliest_ == kNever)
    return std::nullopt;
  return start_ + earliest_ * std::chrono::duration_cast<std::chrono::nanoseconds>(kTick);
}

}  // namespace berth::proxy
