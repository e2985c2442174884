// Bots: whether a User-Agent says that nobody sits in front of it.
#pragma once

#include <string_view>

#include "proxy/word_search.h"

namespace berth::proxy {

/// By the list that ships with berth: search engines, collectors for language models, SEO and
/// archive crawlers, link previews, monitors and scanners. Programs that people script with (curl,
/// HTTP libraries) are none: they may be clients of an API. No User-Agent is none either.
class Bots {
 public:
  Bots();
  bool is_bot(std::string_view user_agent) const { return search_.finds(user_agent); }

 private:
  WordSearch search_;
};

}  // namespace berth::proxy
