// The value types of the unit language: durations, sizes, addresses, commands, and how their text
// is read.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "units/result.h"

namespace berth {

using Milliseconds = std::chrono::milliseconds;

struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.count);
  }
};

/// "250ms", "5s", "1m30s", "2h", "7d", "2w", "1y"; "0" alone is zero. At most about 290 years.
Result<Milliseconds> parse_duration(std::string_view text);
/// The shortest text that parse_duration() reads back: "1m30s", "0s".
std::string format_duration(Milliseconds duration);

/// "4096", "64M", "1.5G": powers of 1024. "40%" of `whole`, which is the memory that the container
/// may use.
Result<Bytes> parse_size(std::string_view text, Bytes whole);
/// For people: "4.0K", "12M", "1.5G".
std::string format_size(Bytes size);

/// Where something listens. Host is a numeric IPv4 or IPv6 address; empty = any for a listener,
/// loopback for a client.
struct Address {
  enum class Family : std::uint8_t { tcp, unix_socket };
  Family family = Family::tcp;
  std::string host;        ///< "127.0.0.1", "::1", "" (tcp)
  std::uint16_t port = 0;  ///< tcp
  std::string path;        ///< unix_socket; absolute

  bool operator==(const Address&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.family);
    visit(self.host);
    visit(self.port);
    visit(self.path);
  }
};

/// "127.0.0.1:3000", "[::]:3000", ":3000", "localhost:3000" (as 127.0.0.1), "unix:/run/x.sock". No
/// look-up of names.
Result<Address> parse_address(std::string_view text);
std::string format_address(const Address& address);

/// A CIDR network for trust lists: "10.0.0.0/8", "::1", "fd00::/8".
struct Network {
  std::vector<std::uint8_t> bytes;  ///< 4 or 16, network order
  std::uint8_t prefix_bits = 0;

  bool operator==(const Network&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.bytes);
    visit(self.prefix_bits);
  }
};
Result<Network> parse_network(std::string_view text);

/// A program and its arguments, never passed through a shell.
struct Command {
  std::vector<std::string> argv;
  Milliseconds timeout{0};  ///< 0 = the default of the place it stands in
  std::string user;         ///< empty = the unit's
  bool background = false;  ///< of a job's steps: the following ones do not wait for it

  bool operator==(const Command&) const = default;
};

/// Splits a command given as one string into words: blanks separate, '…' and "…" quote, \ escapes.
/// No expansion.
Result<std::vector<std::string>> split_words(std::string_view text);

/// "SIGTERM", "TERM" or "15" -> 15. Real-time signals as "RTMIN+3".
Result<int> parse_signal(std::string_view text);
/// 15 -> "SIGTERM"; an unnamed number -> "signal 55".
std::string signal_name(int signal);

}  // namespace berth
