// The Date field.
#include "proxy/date_text.h"

#include "proxy/text.h"

namespace berth::proxy {

std::string_view DateText::now() {
  if (turn_ != loop_.now() || second_ < 0) {
    turn_ = loop_.now();
    const auto second = static_cast<std::int64_t>(loop_.clock().wall_ms() / 1000);
    if (second != second_)
      text_ = http_date(second);
    second_ = second;
  }
  return text_;
}

}  // namespace berth::proxy
