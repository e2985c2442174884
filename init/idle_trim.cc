// Trimming when idle.
#include "init/idle_trim.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kQuiet{500};

}  // namespace

void IdleTrim::after_turn() {
  if (std::exchange(has_looked_, false))
    return;
  busy_ = loop_.now();
  if (timer_ == os::kNoTimer)
    timer_ = loop_.after(kQuiet, [this] { look(); });
}

void IdleTrim::look() {
  timer_ = os::kNoTimer;
  has_looked_ = true;
  if (loop_.now() - busy_ < kQuiet)
    timer_ = loop_.at(busy_ + kQuiet, [this] { look(); });
  else
    trim_();
}

}  // namespace berth
