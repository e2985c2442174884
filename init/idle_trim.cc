// Trimming when idle.
#include "init/idle_trim.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kQuiet{500};

}  // namespace

void IdleTrim::after_turn() {
  // As the last thing before the loop sleeps: whatever else ran now would come back into memory.
  if (std::exchange(is_due_, false))
    return trim_();
  if (std::exchange(has_looked_, false))
    return;
  busy_ = loop_.now();
  if (timer_ == os::kNoTimer)
    timer_ = loop_.after(kQuiet, [this] { look(); });
}

void IdleTrim::look() {
  timer_ = os::kNoTimer;
  is_due_ = loop_.now() - busy_ >= kQuiet;
  has_looked_ = !is_due_;
  if (has_looked_)
    timer_ = loop_.at(busy_ + kQuiet, [this] { look(); });
}

}  // namespace berth
