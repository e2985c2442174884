// Names of header fields: found by length first, so that most cost one comparison or none.
#include "proxy/header_name.h"

#include <algorithm>
#include <array>
#include <string>

namespace berth::proxy {
namespace {

struct Known {
  std::string_view text;
  HeaderName name;
};

/// Ordered by length.
constexpr std::array kKnown = {
    Known{"te", HeaderName::te},
    Known{"date", HeaderName::date},
    Known{"host", HeaderName::host},
    Known{"proxy", HeaderName::proxy},
    Known{"range", HeaderName::range},
    Known{"accept", HeaderName::accept},
    Known{"expect", HeaderName::expect},
    Known{"referer", HeaderName::referer},
    Known{"trailer", HeaderName::trailer},
    Known{"upgrade", HeaderName::upgrade},
    Known{"if-range", HeaderName::if_range},
    Known{"forwarded", HeaderName::forwarded},
    Known{"x-real-ip", HeaderName::x_real_ip},
    Known{"connection", HeaderName::connection},
    Known{"keep-alive", HeaderName::keep_alive},
    Known{"user-agent", HeaderName::user_agent},
    Known{"max-forwards", HeaderName::max_forwards},
    Known{"x-request-id", HeaderName::x_request_id},
    Known{"authorization", HeaderName::authorization},
    Known{"if-none-match", HeaderName::if_none_match},
    Known{"x-remote-user", HeaderName::x_remote_user},
    Known{"content-length", HeaderName::content_length},
    Known{"fly-replay-src", HeaderName::fly_replay_src},
    Known{"fly-request-id", HeaderName::fly_request_id},
    Known{"x-forwarded-for", HeaderName::x_forwarded_for},
    Known{"proxy-connection", HeaderName::proxy_connection},
    Known{"x-forwarded-host", HeaderName::x_forwarded_host},
    Known{"fly-replay-failed", HeaderName::fly_replay_failed},
    Known{"if-modified-since", HeaderName::if_modified_since},
    Known{"transfer-encoding", HeaderName::transfer_encoding},
    Known{"x-forwarded-proto", HeaderName::x_forwarded_proto},
    Known{"proxy-authorization", HeaderName::proxy_authorization},
};
constexpr std::size_t kLongest = kKnown.back().text.size();

static_assert(std::is_sorted(kKnown.begin(), kKnown.end(), [](const Known& a, const Known& b) {
  return a.text.size() < b.text.size();
}));

/// kFirst[n] is the index of the first name of length n or more.
constexpr auto kFirst = [] {
  std::array<std::uint8_t, kLongest + 2> first{};
  for (std::size_t length = 0; length < first.size(); ++length) {
    while (first[length] < kKnown.size() && kKnown[first[length]].text.size() < length)
      ++first[length];
  }
  return first;
}();

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

HeaderName header_name(std::string_view text) {
  if (text.size() > kLongest)
    return HeaderName::other;
  for (std::size_t i = kFirst[text.size()]; i < kFirst[text.size() + 1]; ++i) {
    if (equals_ignoring_case(kKnown[i].text, text))
      return kKnown[i].name;
  }
  return HeaderName::other;
}

bool is_disguised_header(std::string_view text) {
  if (text.size() > kLongest || text.find('_') == std::string_view::npos)
    return false;
  std::string dashed(text);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return header_name(dashed) != HeaderName::other;
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool list_has_token(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    if (equals_ignoring_case(trimmed(value.substr(0, comma)), token))
      return true;
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
  return false;
}

bool is_hop_by_hop(HeaderName name) {
  switch (name) {
    case HeaderName::connection:
    case HeaderName::keep_alive:
    case HeaderName::proxy_authorization:
    case HeaderName::proxy_connection:
    case HeaderName::te:
    case HeaderName::transfer_encoding:
    case HeaderName::upgrade:
      return true;
    default:
      return false;
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

}  // namespace berth::proxy
