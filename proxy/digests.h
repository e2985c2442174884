// MD5 and SHA-1, for the htpasswd forms that use them and for nothing else; SipHash, for digests
// under a key.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace berth::proxy {

/// RFC 1321.
class Md5 {
 public:
  using Digest = std::array<std::uint8_t, 16>;
  void add(std::string_view bytes);
  Digest finish();

 private:
  void block(const std::uint8_t* bytes);
  std::array<std::uint32_t, 4> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::array<std::uint8_t, 64> buffer_{};
  std::uint64_t size_ = 0;
};

/// FIPS 180-4 section 6.1.
class Sha1 {
 public:
  using Digest = std::array<std::uint8_t, 20>;
  void add(std::string_view bytes);
  Digest finish();

 private:
  void block(const std::uint8_t* bytes);
  std::array<std::uint32_t, 5> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                         0xc3d2e1f0};
  std::array<std::uint8_t, 64> buffer_{};
  std::uint64_t size_ = 0;
};

struct SipKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};
/// SipHash-2-4 (Aumasson and Bernstein, 2012).
std::uint64_t siphash(const SipKey& key, std::string_view bytes);

}  // namespace berth::proxy
