// Whatever bytes arrive as a datagram of sd_notify, and whatever glob looks at them: reading is
// safe, and what was read keeps its bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/require.h"
#include "units/glob.h"
#include "units/notify_message.h"

namespace {

using namespace berth;  // NOLINT(google-build-using-namespace): a program of one file

bool is_bounded(const std::optional<Milliseconds>& time) {
  return !time || (time->count() >= 0 && *time <= std::chrono::hours(24 * 365 * 10));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const NotifyMessage message = parse_notify_message(bytes);
  require(message.status.value_or("").size() <= kMaxNotifyStatus);
  require(message.not_understood.size() <= kMaxNotifyStatus);
  require(message.main_pid.value_or(2) > 1);
  require(is_bounded(message.extend_timeout) && is_bounded(message.watchdog_interval));

  const std::size_t half = bytes.size() / 2;
  glob_matches(bytes.substr(0, half), bytes.substr(half));
  require(glob_matches("*", bytes));
  return 0;
}
