// RegexList: the regexes of a route table, matched against a path in one pass.
//
// By RE2, whose time is linear in the path whatever the regex. Its code is in the program, and its
// memory is touched only where a regex is configured. One file includes it: regex.cc.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace berth::proxy {

/// The whole match and the groups; views of what was matched against.
using Captures = std::array<std::string_view, 10>;

class RegexList {
 public:
  RegexList();
  ~RegexList();
  RegexList(RegexList&&) noexcept;
  RegexList& operator=(RegexList&&) noexcept;

  /// Its number counts from 0. One that RE2 refuses is reported, and matches nothing.
  std::size_t add(const std::string& regex);
  /// After the last add().
  void compile();
  bool empty() const { return regexes_.empty(); }
  /// Those that match somewhere in `text`, in ascending order; valid until the next call.
  const std::vector<int>& matches(std::string_view text) const;
  /// The groups of the match that matches() has found.
  void capture(std::size_t number, std::string_view text, Captures& captures) const;

 private:
  struct Compiled;
  void match_one_by_one(std::string_view text) const;

  std::vector<std::unique_ptr<Compiled>> regexes_;
  struct All;
  std::unique_ptr<All> all_;
  mutable std::vector<int> hits_;
};

/// Appends `text` with $0 to $9 replaced.
void append_template(std::string& out, std::string_view text, const Captures& captures);

}  // namespace berth::proxy
