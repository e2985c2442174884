// How heads are passed on: hop-by-hop fields go, forwarding fields come.
#pragma once

#include <string>
#include <string_view>

#include "proxy/field_edits.h"
#include "proxy/http_head.h"
#include "proxy/request_facts.h"

namespace berth::proxy {

struct UpstreamRequest {
  const HttpHead& head;
  const RequestFacts& facts;
  std::string_view target;  ///< in origin form
  bool upgrade = false;     ///< the WebSocket upgrade is passed on
  std::string_view host;    ///< for the Host field; empty = the client's
  const FieldEdits& edits;
};
void append_request_head(const UpstreamRequest& request, std::string& out);

struct DownstreamResponse {
  const HttpHead& head;
  std::uint8_t client_minor = 1;
  bool chunked = false;     ///< we chunk the body
  bool keep_alive = false;  ///< the client may send another request
  bool upgrade = false;     ///< it is a 101
  std::string_view date;    ///< for a response without Date
  const FieldEdits& edits;
};
void append_response_head(const DownstreamResponse& response, std::string& out);
/// A 1xx other than 101.
void append_interim_head(const HttpHead& head, std::string& out);

}  // namespace berth::proxy
