// The small things that every reader of text needs: character classes without a locale, numbers.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace berth::scan {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_letter(c);
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Letters, digits, '-' and '_': can stand in a URL, a cookie and a header as it is.
constexpr bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (!is_alnum(c) && c != '-' && c != '_') {
      return false;
    }
  }
  return true;
}

/// Takes the longest run of characters that satisfy `wanted` off the front of `text`.
template <typename Predicate>
std::string_view take_while(std::string_view& text, Predicate wanted) {
  std::size_t size = 0;
  while (size < text.size() && wanted(text[size])) {
    ++size;
  }
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

/// The whole of `text` as a number, or nullopt: no sign '+', no blanks, no overflow.
template <typename T>
std::optional<T> to_number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace berth::scan
