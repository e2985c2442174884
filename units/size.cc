// Sizes in bytes: "1.5G" and "40%" read, "1.5G" written.
#include <array>
#include <limits>

#include "units/scan.h"
#include "units/values.h"

namespace berth {
namespace {

constexpr std::string_view kSuffixes = "KMGT";
constexpr std::size_t kMostDecimals = 9;
// A wide product: count times multiplier may leave 64 bits before it is divided or refused.
__extension__ using Wide = unsigned __int128;

Error bad_size(std::string why) {
  return Error{ErrorCode::invalid, std::move(why)};
}

/// A decimal number as numerator / denominator: "1.5" is 15 / 10.
struct Decimal {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
};

Result<Decimal> take_decimal(std::string_view& text) {
  std::string digits(scan::take_while(text, scan::is_digit));
  if (digits.empty()) {
    return bad_size("it does not begin with a number");
  }
  Decimal decimal;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    const std::string_view decimals = scan::take_while(text, scan::is_digit);
    if (decimals.empty() || decimals.size() > kMostDecimals) {
      return bad_size("between 1 and 9 digits follow the point");
    }
    digits += decimals;
    for (std::size_t i = 0; i < decimals.size(); ++i) {
      decimal.denominator *= 10;
    }
  }
  const auto numerator = scan::to_number<std::uint64_t>(digits);
  if (!numerator) {
    return bad_size("it is too large");
  }
  decimal.numerator = *numerator;
  return decimal;
}

Result<Bytes> part_of(const Decimal& percent, Bytes whole) {
  if (whole.count == 0) {
    return bad_size("the memory that \"%\" is a part of is not known here");
  }
  if (percent.numerator > 100 * percent.denominator) {
    return bad_size("it is more than 100%");
  }
  const Wide part = Wide{whole.count} * percent.numerator / percent.denominator / 100;
  return Bytes{static_cast<std::uint64_t>(part)};
}

}  // namespace

Result<Bytes> parse_size(std::string_view text, Bytes whole) {
  const Decimal number = BERTH_TRY(take_decimal(text));
  if (text == "%") {
    return part_of(number, whole);
  }
  std::uint64_t multiplier = 1;
  if (!text.empty()) {
    const std::size_t power = text.size() == 1 ? kSuffixes.find(text.front()) : kSuffixes.npos;
    if (power == kSuffixes.npos) {
      return bad_size("\"" + std::string(text) + "\" is no unit of size (K, M, G, T, %)");
    }
    multiplier = std::uint64_t{1} << (10 * (power + 1));
  } else if (number.denominator != 1) {
    return bad_size("a number of bytes has no decimals");
  }
  const Wide bytes = Wide{number.numerator} * multiplier / number.denominator;
  if (bytes > std::numeric_limits<std::uint64_t>::max()) {
    return bad_size("it is too large");
  }
  return Bytes{static_cast<std::uint64_t>(bytes)};
}

std::string format_size(Bytes size) {
  if (size.count < 1024) {
    return std::to_string(size.count);
  }
  // Tenths of the unit, rounded; what rounds up to 1024 of one unit is written in the next.
  std::size_t power = 0;
  Wide tenths = 0;
  for (;; ++power) {
    const std::uint64_t unit = std::uint64_t{1} << (10 * (power + 1));
    tenths = (Wide{size.count} * 10 + unit / 2) / unit;
    const Wide shown = tenths < 100 ? tenths / 10 : (tenths + 5) / 10;
    if (shown < 1024 || power + 1 == kSuffixes.size()) {
      break;
    }
  }
  std::string out;
  if (tenths < 100) {
    out = std::to_string(static_cast<std::uint64_t>(tenths / 10)) + "." +
          std::to_string(static_cast<std::uint64_t>(tenths % 10));
  } else {
    out = std::to_string(static_cast<std::uint64_t>((tenths + 5) / 10));
  }
  return out + kSuffixes[power];
}

}  // namespace berth
