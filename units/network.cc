// Networks in CIDR form, for lists of trusted peers.
#include <arpa/inet.h>

#include "units/scan.h"
#include "units/values.h"

namespace berth {
namespace {

Error bad_network(std::string why) {
  return Error{ErrorCode::invalid, std::move(why)};
}

bool has_host_bits(const Network& network) {
  for (std::size_t bit = network.prefix_bits; bit < network.bytes.size() * 8; ++bit) {
    if ((network.bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string host(text.substr(0, slash));
  const bool is_v6 = host.find(':') != host.npos;
  Network network;
  network.bytes.resize(is_v6 ? sizeof(in6_addr) : sizeof(in_addr));
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, host.c_str(), network.bytes.data()) != 1) {
    return bad_network("\"" + host + "\" is no numeric address");
  }
  const std::size_t width = network.bytes.size() * 8;
  network.prefix_bits = static_cast<std::uint8_t>(width);
  if (slash == text.npos) {
    return network;
  }
  const auto bits = scan::to_number<std::uint8_t>(text.substr(slash + 1));
  if (!bits || *bits > width) {
    return bad_network("a number from 0 to " + std::to_string(width) + " follows the \"/\"");
  }
  network.prefix_bits = *bits;
  // "10.1.2.3/8" is nearly always a slip of the pen, and a trust list is no place for one.
  if (has_host_bits(network)) {
    return bad_network("it has bits set beyond the first " + std::to_string(*bits));
  }
  return network;
}

}  // namespace berth
