// RFC 3629, section 4: which bytes may follow which.
#include "init/admin/utf8.h"

#include <cstddef>

namespace berth::admin {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Whether `byte` is in the range of continuation bytes, or in a narrower one.
bool is_within(char byte, unsigned low = 0x80, unsigned high = 0xBF) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= low && value <= high;
}

/// The length of the character that `text` starts with, 0 if that is none.
std::size_t character_length(std::string_view text) {
  const unsigned first = static_cast<unsigned char>(text[0]);
  if (first != 0 && first < 0x80)
    return 1;
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 0 || first > 0xF4 || text.size() < length)
    return 0;
  // The second byte excludes overlong forms, surrogates and what is above U+10FFFF.
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (!is_within(text[1], low, high))
    return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_within(text[i]))
      return 0;
  }
  return length;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    valid += length > 0 ? text.substr(0, length) : kReplacement;
    text.remove_prefix(length > 0 ? length : 1);
  }
  return valid;
}

}  // namespace berth::admin
