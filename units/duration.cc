// Durations: "1m30s" read and written.
#include <array>
#include <limits>

#include "units/scan.h"
#include "units/values.h"

namespace berth {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t milliseconds;
};

// From the largest to the smallest: a text names them in this order. A year has 365 days.
constexpr std::array<DurationUnit, 7> kDurationUnits{{{"y", 365 * 86'400'000LL},
                                                      {"w", 7 * 86'400'000LL},
                                                      {"d", 86'400'000LL},
                                                      {"h", 3'600'000LL},
                                                      {"m", 60'000LL},
                                                      {"s", 1'000LL},
                                                      {"ms", 1LL}}};

// Whoever adds a duration to a clock's reading counts in nanoseconds of 64 bits: about 292 years.
constexpr std::int64_t kLongest = std::numeric_limits<std::int64_t>::max() / 1'000'000;

Error bad_duration(std::string why) {
  return Error{ErrorCode::invalid, std::move(why)};
}

/// The index of the unit that `text` begins with (letters up to the next digit), or the error.
Result<std::size_t> unit_index(std::string_view name) {
  for (std::size_t i = 0; i < kDurationUnits.size(); ++i) {
    if (kDurationUnits[i].name == name) {
      return i;
    }
  }
  if (name.empty()) {
    return bad_duration("a number lacks its unit (ms, s, m, h, d, w, y)");
  }
  return bad_duration("\"" + std::string(name) + "\" is no unit of time (ms, s, m, h, d, w, y)");
}

}  // namespace

Result<Milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) {
    return bad_duration("it is empty");
  }
  if (text == "0") {
    return Milliseconds{0};
  }
  std::int64_t sum = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const std::string_view digits = scan::take_while(text, scan::is_digit);
    if (digits.empty()) {
      return bad_duration("a number is missing before \"" + std::string(text) + "\"");
    }
    const std::string_view name = scan::take_while(text, [](char c) { return !scan::is_digit(c); });
    const std::size_t unit = BERTH_TRY(unit_index(name));
    if (unit < next_unit) {
      return bad_duration("units go from the largest to the smallest, each once");
    }
    next_unit = unit + 1;
    const auto count = scan::to_number<std::int64_t>(digits);
    if (!count || *count > (kLongest - sum) / kDurationUnits[unit].milliseconds) {
      return bad_duration("it is longer than 290 years");
    }
    sum += *count * kDurationUnits[unit].milliseconds;
  }
  return Milliseconds{sum};
}

std::string format_duration(Milliseconds duration) {
  std::int64_t left = duration.count();
  std::string out;
  for (const auto& unit : kDurationUnits) {
    if (left >= unit.milliseconds) {
      out += std::to_string(left / unit.milliseconds);
      out += unit.name;
      left %= unit.milliseconds;
    }
  }
  return out.empty() ? "0s" : out;
}

}  // namespace berth
