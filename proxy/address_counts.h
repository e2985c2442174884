// AddressCounts: how many connections each address has open.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "init/os/stream_socket.h"

namespace berth::proxy {

/// Holds memory only for addresses that have a connection. An IPv6 address counts by its first 64
/// bits: that is what one subscriber gets.
class AddressCounts {
 public:
  /// The number with this one.
  std::uint32_t enter(const os::PeerAddress& peer) { return ++counts_[key_of(peer)]; }
  /// REQUIRES: entered before.
  void leave(const os::PeerAddress& peer);
  std::size_t size() const { return counts_.size(); }

 private:
  struct Key {
    std::uint64_t network = 0;
    bool is_v6 = false;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  static Key key_of(const os::PeerAddress& peer);

  std::unordered_map<Key, std::uint32_t, Hash> counts_;
};

}  // namespace berth::proxy
