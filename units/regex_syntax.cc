// One pass over the regex.
#include "units/regex_syntax.h"

#include <algorithm>

#include "units/scan.h"

namespace berth {
namespace {

constexpr int kMostRepeats = 1000;  // RE2's

Error wrong(std::string message) {
  return Error{ErrorCode::invalid, std::move(message)};
}

/// Reads a regex from front to back.
class Scanner {
 public:
  explicit Scanner(std::string_view regex) : rest_(regex) {}

  Result<int> run() {
    while (!rest_.empty()) {
      BERTH_TRY(next());
    }
    if (depth_ > 0) {
      return wrong("a \"(\" is never closed");
    }
    return groups_;
  }

 private:
  Result<void> next() {
    const char c = rest_.front();
    switch (c) {
      case '\\':
        BERTH_TRY(escape());
        break;
      case '[':
        BERTH_TRY(bracket());
        break;
      case '(':
        return open();
      case ')':
        return close();
      case '*':
      case '+':
      case '?':
        return repeat(rest_.substr(0, 1));
      case '{':
        return braces();
      default:
        rest_.remove_prefix(1);
    }
    after_repeat_ = false;
    repeatable_ = c != '|';
    return {};
  }

  /// `\` and what follows.
  Result<void> escape() {
    constexpr std::string_view kKnown = "afnrtvxdDsSwWbBAzpPC";
    if (rest_.size() < 2) {
      return wrong("it ends in a \"\\\"");
    }
    const char c = rest_[1];
    if (c == 'Q') {
      const std::size_t end = rest_.find("\\E", 2);
      rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 2);
      return {};
    }
    const bool octal = c >= '1' && c <= '7' && rest_.size() > 2 && scan::is_digit(rest_[2]);
    if (c >= '1' && c <= '9' && !octal) {
      return wrong(std::string("\"\\") + c + "\" would be a back-reference, which there is none");
    }
    if (scan::is_alnum(c) && !scan::is_digit(c) && kKnown.find(c) == kKnown.npos) {
      return wrong(std::string("\"\\") + c + "\" means nothing");
    }
    rest_.remove_prefix(2);
    return {};
  }

  /// A class such as [a-z].
  Result<void> bracket() {
    rest_.remove_prefix(rest_.starts_with("[^") ? 2 : 1);
    bool first = true;
    while (!rest_.empty() && (first || rest_.front() != ']')) {
      first = false;
      if (rest_.starts_with("[:") && rest_.find(":]") != rest_.npos) {
        rest_.remove_prefix(rest_.find(":]") + 2);
      } else if (rest_.front() == '\\') {
        BERTH_TRY(escape());
      } else if (rest_.size() > 2 && rest_[1] == '-' && rest_[2] != ']' && rest_[2] != '\\') {
        if (rest_[2] < rest_[0]) {
          return wrong("the range \"" + std::string(rest_.substr(0, 3)) + "\" is empty");
        }
        rest_.remove_prefix(3);
      } else {
        rest_.remove_prefix(1);
      }
    }
    if (rest_.empty()) {
      return wrong("a \"[\" is never closed");
    }
    rest_.remove_prefix(1);
    return {};
  }

  Result<void> open() {
    repeatable_ = after_repeat_ = false;
    if (!rest_.starts_with("(?")) {
      rest_.remove_prefix(1);
      ++groups_;
      ++depth_;
      return {};
    }
    for (const std::string_view look : {"(?=", "(?!", "(?<=", "(?<!"}) {
      if (rest_.starts_with(look)) {
        return wrong("there is no looking around: \"" + std::string(look) + "\"");
      }
    }
    if (rest_.starts_with("(?P<")) {
      const std::size_t end = rest_.find('>');
      if (end == rest_.npos) {
        return wrong("the name of a group is never closed by \">\"");
      }
      rest_.remove_prefix(end + 1);
      ++groups_;
      ++depth_;
      return {};
    }
    rest_.remove_prefix(2);
    scan::take_while(rest_, [](char c) { return std::string_view("imsU-").find(c) != -1UL; });
    if (!rest_.starts_with(':') && !rest_.starts_with(')')) {
      return wrong("\"(?\" begins no group that is known");
    }
    depth_ += rest_.starts_with(':') ? 1 : 0;
    rest_.remove_prefix(1);
    return {};
  }

  Result<void> close() {
    if (depth_ == 0) {
      return wrong("a \")\" closes nothing");
    }
    --depth_;
    rest_.remove_prefix(1);
    repeatable_ = true;
    after_repeat_ = false;
    return {};
  }

  Result<void> repeat(std::string_view sign) {
    if (!repeatable_) {
      return wrong("\"" + std::string(sign) + "\" has nothing to repeat");
    }
    if (after_repeat_) {
      return wrong("\"" + std::string(sign) + "\" repeats what is repeated already");
    }
    rest_.remove_prefix(sign.size());
    if (rest_.starts_with('?')) {
      rest_.remove_prefix(1);
    }
    after_repeat_ = true;
    return {};
  }

  /// {2}, {2,}, {2,5}; anything else is itself.
  Result<void> braces() {
    const std::size_t end = rest_.find('}');
    const std::string_view inside = rest_.substr(1, end == rest_.npos ? end : end - 1);
    const std::size_t comma = std::min(inside.find(','), inside.size());
    const auto least = scan::to_number<int>(inside.substr(0, comma));
    const std::string_view last = inside.substr(std::min(comma + 1, inside.size()));
    const auto most = last.empty() ? least : scan::to_number<int>(last);
    if (end == rest_.npos || !least || !most) {
      rest_.remove_prefix(1);
      repeatable_ = true;
      after_repeat_ = false;
      return {};
    }
    if (*least > *most || *most > kMostRepeats) {
      return wrong("\"{" + std::string(inside) + "}\" is no number of times");
    }
    return repeat(rest_.substr(0, end + 1));
  }

  std::string_view rest_;
  int depth_ = 0;
  int groups_ = 0;
  bool repeatable_ = false;    ///< something stands here that can be repeated
  bool after_repeat_ = false;  ///< and is
};

}  // namespace

Result<int> count_groups(std::string_view regex) {
  return Scanner(regex).run();
}

int highest_reference(std::string_view text) {
  int highest = 0;
  for (std::size_t at = text.find('$'); at != text.npos; at = text.find('$', at + 1)) {
    const std::string_view digit = text.substr(at + 1, 1);
    if (!digit.empty() && scan::is_digit(digit.front())) {
      highest = std::max(highest, digit.front() - '0');
    }
  }
  return highest;
}

std::string quote_regex(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (!scan::is_alnum(c) && c != '_' && static_cast<unsigned char>(c) < 0x80) {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted;
}

}  // namespace berth
