// HeaderName: the header fields that the proxy itself has an interest in.
#pragma once

#include <cstdint>
#include <string_view>

namespace berth::proxy {

enum class HeaderName : std::uint8_t {
  other,
  accept,
  authorization,
  connection,
  content_length,
  date,
  expect,
  fly_replay_failed,
  fly_replay_src,
  fly_request_id,
  forwarded,
  host,
  if_modified_since,
  if_none_match,
  if_range,
  keep_alive,
  max_forwards,
  proxy,  ///< would become HTTP_PROXY in the environment of a CGI
  proxy_authorization,
  proxy_connection,
  range,
  referer,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_proto,
  x_real_ip,
  x_remote_user,
  x_request_id,
};

/// Case does not matter. `other` for everything not listed above.
HeaderName header_name(std::string_view text);
/// Whether `text` would be one of the listed names if its underscores were dashes. Servers that
/// make environment variables of header fields (CGI, Rack) cannot tell the two apart, so such a
/// field is an attempt to smuggle.
bool is_disguised_header(std::string_view text);

/// Whether it concerns one connection and goes no further (RFC 9110 section 7.6.1). Trailer does.
bool is_hop_by_hop(HeaderName name);

/// Whether `text` can be the name of a field (RFC 9110 section 5.6.2).
bool is_token(std::string_view text);

/// Appends "name: value" and the line end.
void append_field(std::string& out, std::string_view name, std::string_view value);

/// ASCII only, whatever the locale.
bool equals_ignoring_case(std::string_view a, std::string_view b);
/// Whether the comma-separated list `value` has the element `token`, in any case.
bool list_has_token(std::string_view value, std::string_view token);
/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace berth::proxy
