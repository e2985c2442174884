// WordSearch: whether one of many words stands in a text, by one pass over the text however many
// words there are (Aho and Corasick, CACM 18, 1975).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace berth::proxy {

class WordSearch {
 public:
  /// Words in lower case, each once. Where one of `exceptions` ends, no shorter word counts:
  /// "cubot" hides the "bot" in it. REQUIRES: fewer than 65,535 characters in all.
  WordSearch(std::span<const std::string_view> words, std::span<const std::string_view> exceptions);

  /// Upper and lower case are the same.
  bool finds(std::string_view text) const;

 private:
  enum class Verdict : std::uint8_t { none, word, exception };
  /// A place in the tree of all words. The children of one stand side by side.
  struct Node {
    std::uint16_t first_child = 0;
    std::uint16_t fallback = 0;  ///< the longest other beginning of a word that ends here too
    std::uint8_t children = 0;
    char letter = '\0';
    Verdict verdict = Verdict::none;  ///< of the longest word that ends here
  };

  /// 0 = there is none.
  std::uint16_t child(std::uint16_t node, char letter) const;
  std::uint16_t next(std::uint16_t node, char letter) const;

  std::vector<Node> nodes_;  ///< [0] is the root
};

}  // namespace berth::proxy
