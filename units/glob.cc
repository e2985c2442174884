// Matching with a single point of return: when the rest of the pattern fails, only the last `*` may
// take one byte more. A match that gives more to an earlier one would do so with a later one as
// well.
#include "units/glob.h"

namespace berth {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

/// The end of the set that begins at pattern[at] == '[', or kNone if it is never closed. A `]`
/// right at its beginning belongs to the set.
std::size_t set_end(std::string_view pattern, std::size_t at) {
  std::size_t first = at + 1;
  if (first < pattern.size() && pattern[first] == '!') {
    ++first;
  }
  const std::size_t close = pattern.find(']', first + 1);
  return close == kNone ? kNone : close + 1;
}

/// set: with its brackets.
bool set_has(std::string_view set, unsigned char byte) {
  set = set.substr(1, set.size() - 2);
  const bool negated = set.starts_with('!');
  if (negated) {
    set.remove_prefix(1);
  }
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto low = static_cast<unsigned char>(set[i]);
    auto high = low;
    if (i + 2 < set.size() && set[i + 1] == '-') {
      high = static_cast<unsigned char>(set[i + 2]);
      i += 2;
    }
    found = found || (low <= byte && byte <= high);
  }
  return found != negated;
}

/// If the element of the pattern at `at`, which is no `*`, takes `byte`, moves `at` behind it.
bool take_one(std::string_view pattern, std::size_t& at, char byte) {
  const std::size_t set = pattern[at] == '[' ? set_end(pattern, at) : kNone;
  if (set != kNone) {
    if (!set_has(pattern.substr(at, set - at), static_cast<unsigned char>(byte))) {
      return false;
    }
    at = set;
    return true;
  }
  if (pattern[at] != '?') {
    const std::size_t literal = pattern[at] == '\\' && at + 1 < pattern.size() ? at + 1 : at;
    if (pattern[literal] != byte) {
      return false;
    }
    at = literal;
  }
  ++at;
  return true;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t after_star = kNone;  // in the pattern
  std::size_t star_ends = 0;       // in the text: what the last `*` has taken ends here
  for (std::size_t i = 0; i < text.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      star_ends = i;
    } else if (at < pattern.size() && take_one(pattern, at, text[i])) {
      ++i;
    } else if (after_star != kNone) {
      at = after_star;
      i = ++star_ends;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') {
    ++at;
  }
  return at == pattern.size();
}

}  // namespace berth
