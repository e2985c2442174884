// Targets, hosts and the chain of proxies.
#include "proxy/request_facts.h"

#include <algorithm>

#include "units/scan.h"

namespace berth::proxy {
namespace {

constexpr std::size_t kMaxRequestId = 128;

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == ':' || c == '[' || c == ']' || c == '%' || c == '~';
}

/// Splits off the port; false if it cannot be a host.
bool read_host(std::string_view authority, std::string& host) {
  if (!std::all_of(authority.begin(), authority.end(), is_host_character))
    return false;
  const HostPort parts = split_authority(authority);
  if (!std::all_of(parts.port.begin(), parts.port.end(), scan::is_digit))
    return false;
  host = parts.host;
  std::transform(host.begin(), host.end(), host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return true;
}

/// The last address of an X-Forwarded-For list; the list is shortened.
std::string_view pop_address(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const std::string_view last =
      trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  return last;
}

bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '/' || c == '+' || c == '=' || c == ':';
  });
}

}  // namespace

HostPort split_authority(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    return {authority, {}};
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

void RequestFacts::clear() {
  path.clear();
  host.clear();
  authority.clear();
  query = raw_path = Span{};
  change = PathChange::none;
  rewritten = false;
  remote_user.clear();
  request_id.clear();
  peer.clear();
  client_ip.clear();
  secure = trusted = false;
}

bool is_trusted(const os::PeerAddress& peer, const std::vector<Network>& trusted) {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&](const Network& network) { return is_in_network(peer, network); });
}

bool is_in_network(const os::PeerAddress& peer, const Network& network) {
  if (peer.size == 0 || peer.size != network.bytes.size())
    return false;
  std::size_t bits = network.prefix_bits;
  for (std::size_t i = 0; i < peer.size && bits > 0; ++i) {
    const std::size_t here = std::min<std::size_t>(bits, 8);
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - here));
    if (((peer.bytes[i] ^ network.bytes[i]) & mask) != 0)
      return false;
    bits -= here;
  }
  return true;
}

bool read_target(const HttpHead& head, RequestFacts& facts) {
  std::string_view target = head.text(head.target);
  std::uint32_t at = head.target.at;
  std::string_view authority = head.value(HeaderName::host);
  if (target.find('#') != std::string_view::npos)
    return false;
  // The absolute form: its authority replaces the Host field (RFC 9112 section 3.2.2).
  const std::size_t scheme = target.starts_with('/') ? std::string_view::npos : target.find("://");
  if (scheme != std::string_view::npos) {
    if (!equals_ignoring_case(target.substr(0, scheme), "http") &&
        !equals_ignoring_case(target.substr(0, scheme), "https"))
      return false;
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
    authority = target.substr(begin, end - begin);
    if (authority.empty())
      return false;
    target.remove_prefix(end);
    at += static_cast<std::uint32_t>(end);
  }
  facts.authority = authority;
  if (!read_host(authority, facts.host))
    return false;
  const std::size_t question = std::min(target.find('?'), target.size());
  facts.raw_path = Span{at, static_cast<std::uint32_t>(question)};
  facts.query = Span{at + static_cast<std::uint32_t>(question),
                     static_cast<std::uint32_t>(target.size() - question)};
  if (scheme != std::string_view::npos && question == 0) {
    facts.path = "/";
    facts.change = PathChange::shape;
    return true;
  }
  facts.change = normalise_path(target.substr(0, question), facts.path);
  return facts.change != PathChange::refused;
}

void read_origin(const HttpHead& head, const os::PeerAddress& peer,
                 const std::vector<Network>& trusted, RequestFacts& facts) {
  facts.trusted = is_trusted(peer, trusted);
  facts.peer = os::format_peer(peer);
  facts.client_ip = facts.peer;
  if (facts.trusted) {
    std::string_view chain = head.value(HeaderName::x_forwarded_for);
    os::PeerAddress each = peer;
    while (!chain.empty() && is_trusted(each, trusted)) {
      const std::string_view text = pop_address(chain);
      if (!os::parse_peer(text, each))
        break;
      facts.client_ip = text;
    }
  }
}

std::string_view sent_request_id(const HttpHead& head) {
  const std::string_view sent = head.value(HeaderName::x_request_id);
  return is_sane_id(sent) ? sent : std::string_view();
}

}  // namespace berth::proxy
