// Digests of logins.
#include "proxy/login_cache.h"

#include <cstring>

#include "init/os/random.h"

namespace berth::proxy {

LoginCache::LoginCache() {
  std::array<unsigned char, 4 * sizeof(std::uint64_t)> random{};
  os::fill_random(random);
  std::array<std::uint64_t, 4> words{};
  std::memcpy(words.data(), random.data(), random.size());
  high_key_ = {words[0], words[1]};
  low_key_ = {words[2], words[3]};
}

LoginDigest LoginCache::digest(std::string_view credentials) const {
  return {siphash(high_key_, credentials), siphash(low_key_, credentials)};
}

bool LoginCache::contains(const LoginDigest& digest) const {
  // One comparison of words: its time tells nothing about the digest, whose key nobody knows.
  return digest != LoginDigest() && entries_[digest.low % kEntries] == digest;
}

void LoginCache::add(const LoginDigest& digest) {
  entries_[digest.low % kEntries] = digest;
}

}  // namespace berth::proxy
