// The forms of htpasswd(1).
#include "proxy/password.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include <crypt.h>

#include "proxy/digests.h"

namespace berth::proxy {
namespace {

constexpr std::string_view kApr1 = "$apr1$";
constexpr std::string_view kSha = "{SHA}";
constexpr std::size_t kMaxSalt = 8;
/// Of the apr1 form.
constexpr int kRounds = 1000;
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kCryptAlphabet =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string_view view(const Md5::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> std::uint32_t {
      return at < bytes.size() ? bytes[at] : 0U;
    };
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    text += kBase64[bits >> 18 & 63];
    text += kBase64[bits >> 12 & 63];
    text += i + 1 < bytes.size() ? kBase64[bits >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? kBase64[bits & 63] : '=';
  }
  return text;
}

void append_crypt64(std::string& out, std::uint32_t bits, int count) {
  for (; count > 0; --count, bits >>= 6)
    out += kCryptAlphabet[bits & 63];
}

/// The first digest, which the rounds then stir.
Md5::Digest apr1_start(std::string_view password, std::string_view salt) {
  Md5 inner;
  inner.add(password);
  inner.add(salt);
  inner.add(password);
  const Md5::Digest mixed = inner.finish();
  Md5 outer;
  outer.add(password);
  outer.add(kApr1);
  outer.add(salt);
  for (std::size_t left = password.size(); left > 0; left -= std::min<std::size_t>(left, 16))
    outer.add(view(mixed).substr(0, left));
  for (std::size_t bits = password.size(); bits > 0; bits >>= 1)
    outer.add((bits & 1) != 0 ? std::string_view("\0", 1) : password.substr(0, 1));
  return outer.finish();
}

bool crypt_matches(const std::string& hash, const std::string& password) {
  // 32 KiB: too much for the stack of a worker that is otherwise small.
  auto data = std::make_unique<crypt_data>();
  const char* made = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  return made != nullptr && made[0] == '$' && equals_in_constant_time(made, hash);
}

}  // namespace

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size())
    return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i] ^ b[i]));
  return difference == 0;
}

std::string apr1_hash(std::string_view password, std::string_view salt) {
  salt = salt.substr(0, kMaxSalt);
  Md5::Digest digest = apr1_start(password, salt);
  for (int round = 0; round < kRounds; ++round) {
    Md5 next;
    const bool odd = round % 2 != 0;
    next.add(odd ? password : view(digest));
    if (round % 3 != 0)
      next.add(salt);
    if (round % 7 != 0)
      next.add(password);
    next.add(odd ? view(digest) : password);
    digest = next.finish();
  }
  std::string text(kApr1);
  text += salt;
  text += '$';
  const auto bits = [&](std::size_t a, std::size_t b, std::size_t c) {
    return static_cast<std::uint32_t>(digest[a] << 16 | digest[b] << 8 | digest[c]);
  };
  append_crypt64(text, bits(0, 6, 12), 4);
  append_crypt64(text, bits(1, 7, 13), 4);
  append_crypt64(text, bits(2, 8, 14), 4);
  append_crypt64(text, bits(3, 9, 15), 4);
  append_crypt64(text, bits(4, 10, 5), 4);
  append_crypt64(text, digest[11], 2);
  return text;
}

bool is_known_hash(std::string_view hash) {
  static constexpr std::array<std::string_view, 9> kForms = {kApr1, kSha,  "$2y$", "$2b$", "$2a$",
                                                             "$1$", "$5$", "$6$",  "$y$"};
  return std::any_of(kForms.begin(), kForms.end(),
                     [&](std::string_view form) { return hash.starts_with(form); });
}

bool password_matches(const std::string& hash, const std::string& password) {
  const std::string_view text = hash;
  if (text.starts_with(kApr1)) {
    const std::string_view salt =
        text.substr(kApr1.size(), text.find('$', kApr1.size()) - kApr1.size());
    return equals_in_constant_time(apr1_hash(password, salt), text);
  }
  if (text.starts_with(kSha)) {
    Sha1 sha;
    sha.add(password);
    return equals_in_constant_time(base64(sha.finish()), text.substr(kSha.size()));
  }
  return is_known_hash(text) && crypt_matches(hash, password);
}

}  // namespace berth::proxy
