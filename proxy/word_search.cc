// Building the tree level by level, and walking it.
#include "proxy/word_search.h"

#include <algorithm>

namespace berth::proxy {
namespace {

/// A node whose children are still to be made: its words are [begin, end) of the sorted ones.
struct Open {
  std::size_t begin, end, depth;
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

WordSearch::WordSearch(std::span<const std::string_view> words,
                       std::span<const std::string_view> exceptions) {
  std::vector<std::string_view> all(words.begin(), words.end());
  all.insert(all.end(), exceptions.begin(), exceptions.end());
  std::sort(all.begin(), all.end());
  const auto verdict_of = [&](std::string_view word) {
    return std::find(exceptions.begin(), exceptions.end(), word) != exceptions.end()
               ? Verdict::exception
               : Verdict::word;
  };
  nodes_.emplace_back();
  std::vector<Open> open{{0, all.size(), 0}};
  for (std::uint16_t at = 0; at < nodes_.size(); ++at) {
    auto [begin, end, depth] = open[at];
    nodes_[at].first_child = static_cast<std::uint16_t>(nodes_.size());
    for (; begin < end && all[begin].size() == depth; ++begin)
      nodes_[at].verdict = verdict_of(all[begin]);
    while (begin < end) {
      const char letter = all[begin][depth];
      std::size_t stop = begin;
      while (stop < end && all[stop][depth] == letter)
        ++stop;
      // The level above is complete, so this looks at nothing that is still being made.
      const std::uint16_t fallback = at == 0 ? std::uint16_t{0} : next(nodes_[at].fallback, letter);
      nodes_.push_back(Node{0, fallback, 0, letter, Verdict::none});
      ++nodes_[at].children;
      open.push_back({begin, stop, depth + 1});
      begin = stop;
    }
    if (nodes_[at].verdict == Verdict::none)
      nodes_[at].verdict = nodes_[nodes_[at].fallback].verdict;
  }
  nodes_.shrink_to_fit();
}

std::uint16_t WordSearch::child(std::uint16_t node, char letter) const {
  const Node& parent = nodes_[node];
  for (std::uint16_t i = 0; i < parent.children; ++i) {
    const auto at = static_cast<std::uint16_t>(parent.first_child + i);
    if (nodes_[at].letter == letter)
      return at;
  }
  return 0;
}

std::uint16_t WordSearch::next(std::uint16_t node, char letter) const {
  while (true) {
    if (const std::uint16_t found = child(node, letter); found != 0 || node == 0)
      return found;
    node = nodes_[node].fallback;
  }
}

bool WordSearch::finds(std::string_view text) const {
  std::uint16_t node = 0;
  for (const char c : text) {
    node = next(node, lower(c));
    if (nodes_[node].verdict == Verdict::word)
      return true;
  }
  return false;
}

}  // namespace berth::proxy
