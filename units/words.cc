// A command line given as one string, split into words as people expect it, without a shell.
#include "units/scan.h"
#include "units/values.h"

namespace berth {
namespace {

Error bad_words(std::string why) {
  return Error{ErrorCode::invalid, std::move(why)};
}

/// Takes what follows an opening quote, up to the closing one, off `text` and appends it to `word`.
Result<void> take_quoted(char quote, std::string_view& text, std::string& word) {
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == quote) {
      return {};
    }
    // Within "…" a backslash escapes only what would end or escape; elsewhere it stands for itself.
    const bool escapes =
        quote == '"' && c == '\\' && !text.empty() && (text.front() == '"' || text.front() == '\\');
    word += escapes ? text.front() : c;
    text.remove_prefix(escapes ? 1 : 0);
  }
  return bad_words(std::string("a quote ") + quote + " is never closed");
}

/// Takes one word off `text`. REQUIRES: text begins with one.
Result<std::string> take_word(std::string_view& text) {
  std::string word;
  while (!text.empty() && !scan::is_blank(text.front())) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '\'' || c == '"') {
      BERTH_TRY(take_quoted(c, text, word));
      continue;
    }
    if (c == '\\') {
      if (text.empty()) {
        return bad_words("a backslash at the end escapes nothing");
      }
      c = text.front();
      text.remove_prefix(1);
    }
    word += c;
  }
  return word;
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  scan::take_while(text, scan::is_blank);
  while (!text.empty()) {
    words.push_back(BERTH_TRY(take_word(text)));
    scan::take_while(text, scan::is_blank);
  }
  return words;
}

}  // namespace berth
