// Cutting what comes into lines.
#include "init/ctl/pipe_lines.h"

#include <algorithm>
#include <array>
#include <utility>

#include <poll.h>

#include "init/os/stream.h"

namespace berth::ctl {
namespace {

/// poll()'s way to say how long; 0 = the deadline has passed.
int milliseconds_left(const std::optional<os::TimePoint>& deadline) {
  constexpr std::chrono::milliseconds kLongest{60'000};
  if (!deadline.has_value())
    return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - os::SystemClock().now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), kLongest).count());
}

}  // namespace

PipeLines::Outcome PipeLines::next(std::string& line,
                                   const std::optional<os::TimePoint>& deadline) {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    if (const std::size_t end = text_.find('\n', start_); end != std::string::npos) {
      line = text_.substr(start_, end - start_);
      start_ = end + 1;
      return Outcome::line;
    }
    text_.erase(0, std::exchange(start_, 0));
    const int limit = milliseconds_left(deadline);
    if (limit == 0)
      return Outcome::timed_out;
    const os::Transfer got = os::read_some(pipe_, buffer);
    if (got.state == os::TransferState::done) {
      text_.append(buffer.data(), got.size);
    } else if (got.state == os::TransferState::would_block) {
      pollfd watched{pipe_.raw(), POLLIN, 0};
      ::poll(&watched, 1, limit);
    } else {
      return Outcome::ended;
    }
  }
}

}  // namespace berth::ctl
