// Addresses: "127.0.0.1:3000", "[::1]:3000", ":3000", "unix:/run/x.sock" read and written.
#include <array>

#include <arpa/inet.h>
#include <sys/un.h>

#include "units/scan.h"
#include "units/values.h"

namespace berth {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
// sun_path holds a terminating zero byte as well. // man 7 unix
constexpr std::size_t kLongestUnixPath = sizeof(sockaddr_un{}.sun_path) - 1;

Error bad_address(std::string why) {
  return Error{ErrorCode::invalid, std::move(why)};
}

Result<Address> parse_unix(std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return bad_address("the path of a Unix socket begins with \"/\"");
  }
  if (path.size() > kLongestUnixPath) {
    return bad_address("the path of a Unix socket has at most " + std::to_string(kLongestUnixPath) +
                       " bytes");
  }
  Address address;
  address.family = Address::Family::unix_socket;
  address.path = path;
  return address;
}

/// The canonical text of a numeric address, so that equal addresses have equal texts.
Result<std::string> canonical_host(int family, const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_pton(family, host.c_str(), bytes.data()) != 1 ||
      inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) {
    return bad_address("\"" + host + "\" is no numeric address; names are not looked up");
  }
  return std::string(text.data());
}

/// Splits "HOST" off "HOST:PORT"; `text` keeps what follows the colon.
Result<std::string> take_host(std::string_view& text) {
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find("]:");
    if (end == text.npos) {
      return bad_address("\"]:PORT\" is missing");
    }
    const std::string host(text.substr(1, end - 1));
    text.remove_prefix(end + 2);
    return canonical_host(AF_INET6, host);
  }
  const std::size_t colon = text.find(':');
  if (colon == text.npos) {
    return bad_address("\":PORT\" is missing");
  }
  const std::string host(text.substr(0, colon));
  text.remove_prefix(colon + 1);
  if (text.find(':') != text.npos) {
    return bad_address("an IPv6 address stands in brackets, as in \"[::1]:3000\"");
  }
  if (host.empty()) {
    return std::string();
  }
  return canonical_host(AF_INET, host == "localhost" ? "127.0.0.1" : host);
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) {
    return parse_unix(text.substr(kUnixPrefix.size()));
  }
  Address address;
  address.host = BERTH_TRY(take_host(text));
  const auto port = scan::to_number<std::uint16_t>(text);
  if (!port || *port == 0) {
    return bad_address("\"" + std::string(text) + "\" is no port between 1 and 65535");
  }
  address.port = *port;
  return address;
}

std::string format_address(const Address& address) {
  if (address.family == Address::Family::unix_socket) {
    return std::string(kUnixPrefix) + address.path;
  }
  const bool bracketed = address.host.find(':') != address.host.npos;
  const std::string host = bracketed ? "[" + address.host + "]" : address.host;
  return host + ":" + std::to_string(address.port);
}

}  // namespace berth
