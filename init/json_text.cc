// UTF-8 and JSON as the log needs them.
#include "init/json_text.h"

#include <array>
#include <cstdint>

namespace berth {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr int kMaxDepth = 32;

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Table 3-7 of the Unicode standard: what may follow a lead byte; the second byte has the narrow
/// range.
struct LeadByte {
  unsigned char first, last;
  std::size_t length;
  unsigned char second_low, second_high;
};
constexpr std::array<LeadByte, 8> kLeadBytes{{
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
}};

void append_escaped(std::string& out, char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto value = static_cast<unsigned char>(byte);
  if (value >= 0x20) {
    out += byte;
    return;
  }
  out += "\\u00";
  out += kHex[value >> 4U];
  out += kHex[value & 0x0FU];
}

/// Walks over JSON without keeping anything of it.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : rest_(text) {}

  /// The whole text is one object; `key` is compared as it is written, without unescaping.
  bool whole_object_with(std::string_view key) {
    skip_blanks();
    bool found = false;
    if (!object(key, &found, kMaxDepth))
      return false;
    skip_blanks();
    return rest_.empty() && found;
  }

 private:
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted)
      return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word))
      return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void skip_blanks() {
    const std::size_t end = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
  }
  std::size_t take_digits() {
    std::size_t count = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      rest_.remove_prefix(1);
      ++count;
    }
    return count;
  }

  bool escape() {
    if (take('u')) {
      if (rest_.size() < 4 ||
          rest_.substr(0, 4).find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
        return false;
      rest_.remove_prefix(4);
      return true;
    }
    if (rest_.empty() ||
        std::string_view("\"\\/bfnrt").find(rest_.front()) == std::string_view::npos)
      return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// `content`: what stands between the quotes.
  bool string(std::string_view& content) {
    if (!take('"'))
      return false;
    const std::string_view start = rest_;
    while (!rest_.empty() && rest_.front() != '"') {
      const std::size_t length = utf8_length(rest_);
      if (length == 0 || static_cast<unsigned char>(rest_.front()) < 0x20)
        return false;
      const bool escaped = rest_.front() == '\\';
      rest_.remove_prefix(length);
      if (escaped && !escape())
        return false;
    }
    content = start.substr(0, start.size() - rest_.size());
    return take('"');
  }
  bool number() {
    take('-');
    if (!take('0') && take_digits() == 0)
      return false;
    if (take('.') && take_digits() == 0)
      return false;
    if (!take('e') && !take('E'))
      return true;
    if (!take('+'))
      take('-');
    return take_digits() > 0;
  }
  bool array(int depth) {
    if (!take('['))
      return false;
    skip_blanks();
    if (take(']'))
      return true;
    do {
      if (!value(depth))
        return false;
      skip_blanks();
    } while (take(','));
    return take(']');
  }
  bool object(std::string_view key, bool* found, int depth) {
    if (depth == 0 || !take('{'))
      return false;
    skip_blanks();
    if (take('}'))
      return true;
    do {
      skip_blanks();
      std::string_view name;
      if (!string(name))
        return false;
      if (found != nullptr && name == key)
        *found = true;
      skip_blanks();
      if (!take(':') || !value(depth))
        return false;
      skip_blanks();
    } while (take(','));
    return take('}');
  }
  /// `depth`: how many levels may still be opened.
  bool value(int depth) {
    skip_blanks();
    if (rest_.empty() || depth == 0)
      return false;
    std::string_view ignored;
    switch (rest_.front()) {
      case '{':
        return object({}, nullptr, depth - 1);
      case '[':
        return array(depth - 1);
      case '"':
        return string(ignored);
      case 't':
        return take_word("true");
      case 'f':
        return take_word("false");
      case 'n':
        return take_word("null");
      default:
        return number();
    }
  }

  std::string_view rest_;
};

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty())
    return 0;
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80)
    return 1;
  for (const LeadByte& row : kLeadBytes) {
    if (lead < row.first || lead > row.last)
      continue;
    if (text.size() < row.length)
      return 0;
    const auto second = static_cast<unsigned char>(text[1]);
    if (second < row.second_low || second > row.second_high)
      return 0;
    for (std::size_t i = 2; i < row.length; ++i) {
      if (!is_continuation(text[i]))
        return 0;
    }
    return row.length;
  }
  return 0;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || text.front() == '\0')
      out += kReplacement;
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 1)
      append_escaped(out, text.front());
    else if (length == 0)
      out += kReplacement;
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

bool is_json_object_with(std::string_view text, std::string_view key) {
  return JsonScanner(text).whole_object_with(key);
}

}  // namespace berth
