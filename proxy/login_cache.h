// LoginCache: the logins that have succeeded, as digests under a key that dies with the process.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/digests.h"

namespace berth::proxy {

/// 128 bits of user and password.
struct LoginDigest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const LoginDigest&) const = default;
};

/// Bounded: a digest displaces another one that falls into the same place.
class LoginCache {
 public:
  LoginCache();
  /// `credentials` is "user:password".
  LoginDigest digest(std::string_view credentials) const;
  bool contains(const LoginDigest& digest) const;
  void add(const LoginDigest& digest);
  /// The htpasswd file has changed.
  void clear() { entries_.fill(LoginDigest()); }

 private:
  static constexpr std::size_t kEntries = 256;
  SipKey high_key_;
  SipKey low_key_;
  std::array<LoginDigest, kEntries> entries_;
};

}  // namespace berth::proxy
