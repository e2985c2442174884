// DateText: the value of the Date field, made once a second.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "init/os/event_loop.h"

namespace berth::proxy {

class DateText {
 public:
  explicit DateText(const os::EventLoop& loop) : loop_(loop) {}
  /// Valid during this turn of the loop only.
  std::string_view now();

 private:
  const os::EventLoop& loop_;
  os::TimePoint turn_;
  std::int64_t second_ = -1;
  std::string text_;
};

}  // namespace berth::proxy
