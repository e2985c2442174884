// MD5, SHA-1, SipHash-2-4.
#include "proxy/digests.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace berth::proxy {
namespace {

constexpr std::size_t kBlock = 64;
/// Where the length of the message stands in the last block.
constexpr std::size_t kLengthAt = 56;

/// A one bit, and zeros enough.
constexpr char kPadding[kBlock * 2] = {'\x80'};

/// floor(2^32 * abs(sin(i + 1)))
constexpr std::array<std::uint32_t, 64> kMd5Sines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr std::array<std::array<int, 4>, 4> kMd5Turns = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

/// Adds `bytes` to the buffer and calls `block` for each full one.
template <class Block>
void add_blocks(std::array<std::uint8_t, kBlock>& buffer, std::uint64_t& size,
                std::string_view bytes, Block block) {
  while (!bytes.empty()) {
    const std::size_t at = size % kBlock;
    const std::size_t count = std::min(kBlock - at, bytes.size());
    std::memcpy(buffer.data() + at, bytes.data(), count);
    size += count;
    bytes.remove_prefix(count);
    if (size % kBlock == 0)
      block(buffer.data());
  }
}

/// What follows the message up to where its length stands.
std::string_view padding(std::uint64_t size) {
  const std::size_t at = size % kBlock;
  return {kPadding, (at < kLengthAt ? kLengthAt : kLengthAt + kBlock) - at};
}

std::uint64_t load64(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

struct SipState {
  std::uint64_t a, b, c, d;
  void round() {
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }
  void take(std::uint64_t word) {
    d ^= word;
    round();
    round();
    a ^= word;
  }
};

}  // namespace

void Md5::block(const std::uint8_t* bytes) {
  std::array<std::uint32_t, 16> words{};
  std::memcpy(words.data(), bytes, kBlock);
  auto [a, b, c, d] = state_;
  for (std::size_t i = 0; i < 64; ++i) {
    std::uint32_t mixed = 0;
    std::size_t word = 0;
    if (i < 16) {
      mixed = (b & c) | (~b & d);
      word = i;
    } else if (i < 32) {
      mixed = (d & b) | (~d & c);
      word = (5 * i + 1) % 16;
    } else if (i < 48) {
      mixed = b ^ c ^ d;
      word = (3 * i + 5) % 16;
    } else {
      mixed = c ^ (b | ~d);
      word = 7 * i % 16;
    }
    mixed += a + kMd5Sines[i] + words[word];
    a = d;
    d = c;
    c = b;
    b += std::rotl(mixed, kMd5Turns[i / 16][i % 4]);
  }
  state_[0] += a;
  state_[1] += b;
  state_[2] += c;
  state_[3] += d;
}

void Md5::add(std::string_view bytes) {
  add_blocks(buffer_, size_, bytes, [this](const std::uint8_t* full) { block(full); });
}

Md5::Digest Md5::finish() {
  const std::uint64_t bits = size_ * 8;
  add(padding(size_));
  char length[sizeof bits];
  std::memcpy(length, &bits, sizeof bits);
  add({length, sizeof length});
  Digest digest{};
  std::memcpy(digest.data(), state_.data(), digest.size());
  return digest;
}

void Sha1::block(const std::uint8_t* bytes) {
  std::array<std::uint32_t, 80> words{};
  for (std::size_t i = 0; i < 16; ++i)
    words[i] = static_cast<std::uint32_t>(bytes[i * 4] << 24 | bytes[i * 4 + 1] << 16 |
                                          bytes[i * 4 + 2] << 8 | bytes[i * 4 + 3]);
  for (std::size_t i = 16; i < 80; ++i)
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  auto [a, b, c, d, e] = state_;
  for (std::size_t i = 0; i < 80; ++i) {
    const std::uint32_t mixed = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                                : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                                : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                         : (b ^ c ^ d) + 0xca62c1d6;
    const std::uint32_t next = std::rotl(a, 5) + mixed + e + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state_[0] += a;
  state_[1] += b;
  state_[2] += c;
  state_[3] += d;
  state_[4] += e;
}

void Sha1::add(std::string_view bytes) {
  add_blocks(buffer_, size_, bytes, [this](const std::uint8_t* full) { block(full); });
}

Sha1::Digest Sha1::finish() {
  const std::uint64_t bits = size_ * 8;
  add(padding(size_));
  char length[sizeof bits];
  for (std::size_t i = 0; i < sizeof length; ++i)
    length[i] = static_cast<char>(bits >> (56 - 8 * i) & 0xff);
  add({length, sizeof length});
  Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
  return digest;
}

std::uint64_t siphash(const SipKey& key, std::string_view bytes) {
  SipState state{key.first ^ 0x736f6d6570736575U, key.second ^ 0x646f72616e646f6dU,
                 key.first ^ 0x6c7967656e657261U, key.second ^ 0x7465646279746573U};
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8)
    state.take(load64(bytes.data() + at));
  char rest[8] = {};
  std::memcpy(rest, bytes.data() + at, bytes.size() - at);
  rest[7] = static_cast<char>(bytes.size() & 0xff);
  state.take(load64(rest));
  state.c ^= 0xff;
  for (int i = 0; i < 4; ++i)
    state.round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace berth::proxy
