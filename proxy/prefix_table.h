// PrefixTable: which of many URL prefixes a path is below, at a cost that depends on the depth of
// the path and not on the number of prefixes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth::proxy {

class PrefixTable {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Match {
    std::uint32_t value = kNone;
    bool needs_slash = false;  ///< the path is the prefix without its last slash
  };

  /// `prefix` ends in '/'; `host` in lower case, "" = any. The first of two equal entries counts.
  void insert(std::string_view host, std::string_view prefix, std::uint32_t value);
  /// The longest prefix of `path`: first among those of `host`, then among those of any host.
  Match find(std::string_view host, std::string_view path) const;
  std::size_t size() const { return entries_.size(); }
  /// The longest run of entries in a row: no look-up of one prefix compares more of them.
  std::size_t longest_run() const;

 private:
  struct Entry {
    std::uint64_t hash;
    std::string key;  ///< host, NUL, prefix
    std::uint32_t value;
  };

  void grow();
  std::uint32_t look_up(std::uint64_t hash, std::string_view host, std::string_view prefix) const;
  Match longest(std::string_view host, std::string_view path) const;

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  ///< open addressing; indices into entries_, or kNone
  std::size_t deepest_ = 0;           ///< slashes in the deepest prefix
  bool has_hosts_ = false;
};

}  // namespace berth::proxy
