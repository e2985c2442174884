// Any text is a schedule or an error, and a schedule names a later moment that fits it.
// Input: a line with the schedule, then the moment and the zone as text: "TIME CHANGE BEFORE
// AFTER".
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "units/cron_schedule.h"

namespace {

constexpr std::int64_t kMostAhead = 14 * 3'600;

/// A zone that changes its clock once.
class Zone final : public berth::TimeZone {
 public:
  Zone(std::int64_t change, std::int64_t before, std::int64_t after)
      : change_(change), before_(before % kMostAhead), after_(after % kMostAhead) {}
  std::int64_t offset_at(std::int64_t time) const override {
    return time < change_ ? before_ : after_;
  }

 private:
  std::int64_t change_, before_, after_;
};

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "violated: %s\n", what);
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = text.find('\n');
  const auto schedule = berth::parse_schedule(text.substr(0, line_end));
  if (!schedule) {
    require(!schedule.error().message.empty(), "an error says what is wrong");
    return 0;
  }
  long long time = 0, change = 0, before = 0, after = 0;
  if (line_end != text.npos)
    std::sscanf(text.c_str() + line_end, "%lld %lld %lld %lld", &time, &change, &before, &after);
  const Zone zone(change, before, after);
  const auto next = berth::next_time(*schedule, time, zone);
  if (!next)
    return 0;
  require(*next > time, "the next time is later");
  const std::int64_t minute = (*next + zone.offset_at(*next)) / 60 % 60;
  const bool fits = (schedule->minutes >> ((minute + 60) % 60) & 1) != 0;
  require(fits || *next == change, "it fits, or follows a gap");
  return 0;
}
