// Counting by address.
#include "proxy/address_counts.h"

#include <algorithm>

namespace berth::proxy {
namespace {

constexpr std::uint8_t kCountedBytes = 8;
constexpr std::uint8_t kV6Size = 16;

}  // namespace

AddressCounts::Key AddressCounts::key_of(const os::PeerAddress& peer) {
  Key key;
  key.is_v6 = peer.size == kV6Size;
  for (std::size_t i = 0; i < std::min(peer.size, kCountedBytes); ++i)
    key.network = key.network << 8 | peer.bytes[i];
  return key;
}

std::size_t AddressCounts::Hash::operator()(const Key& key) const {
  // Many an address differs from its neighbours in few bits.
  std::uint64_t mixed = (key.network ^ key.network >> 33) * 0xff51afd7ed558ccdU;
  mixed ^= mixed >> 33;
  return static_cast<std::size_t>(mixed + (key.is_v6 ? 1 : 0));
}

void AddressCounts::leave(const os::PeerAddress& peer) {
  const auto found = counts_.find(key_of(peer));
  if (found != counts_.end() && --found->second == 0)
    counts_.erase(found);
}

}  // namespace berth::proxy
