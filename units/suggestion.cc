// "did you mean": edit distance over short words.
#include "units/suggestion.h"

#include <algorithm>

namespace berth {
namespace {

constexpr std::size_t kMostEdits = 3;
constexpr std::size_t kLettersPerEdit = 3;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t longer = std::max(a.size(), b.size());
  const std::size_t shorter = std::min(a.size(), b.size());
  if (longer - shorter > limit) {
    return limit + 1;
  }
  // Three rows of the table are enough: a swap looks back two.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return std::min(last[b.size()], limit + 1);
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t limit =
      std::clamp((word.size() + kLettersPerEdit - 1) / kLettersPerEdit, std::size_t{1}, kMostEdits);
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate, limit);
    // Replacing every letter is no resemblance.
    if (distance <= limit && distance < candidate.size() && distance > 0) {
      best = candidate;
      limit = distance - 1;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string_view near = nearest(word, known);
  if (near.empty()) {
    return "";
  }
  return "; did you mean \"" + std::string(near) + "\"?";
}

}  // namespace berth
