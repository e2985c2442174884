// What the helper modes share.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::helper {

using Arguments = std::vector<std::string>;

/// Exit statuses.
inline constexpr int kYes = 0;
inline constexpr int kNo = 1;
inline constexpr int kUsage = 2;

inline constexpr int kDecimal = 10;
inline constexpr int kOctal = 8;

/// Says it on standard error; returns `status`.
int complain(const std::string& message, int status);

/// The whole of `text` as a number.
template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = kDecimal) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || stopped != end)
    return std::nullopt;
  return number;
}

/// The modes that have a file of their own; helper_modes.h says what they do.
int names(const Arguments& arguments);
int prepare(const Arguments& arguments);
int state_begin(const Arguments& arguments);
int state_end(const Arguments& arguments);
int machine_api(const Arguments& arguments);
int log_files(const Arguments& arguments);

}  // namespace berth::helper
