// RequestFacts: what is decided by in a request, in one spelling.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "init/os/stream_socket.h"
#include "proxy/http_head.h"
#include "proxy/url_path.h"
#include "units/values.h"

namespace berth::proxy {

struct HostPort {
  std::string_view host;
  std::string_view port;  ///< empty = none is named
};
/// What is before and behind the colon of an authority; an IPv6 address in brackets has its own.
HostPort split_authority(std::string_view authority);

/// Reused from request to request: the strings keep their room.
struct RequestFacts {
  std::string path;       ///< normalised
  std::string host;       ///< of the authority, lower case, without port; may be empty
  std::string authority;  ///< what goes upstream as Host
  Span query;             ///< of the target, with its '?'; empty if there is none
  Span raw_path;          ///< of the target, as the client wrote it
  PathChange change = PathChange::none;
  std::string sent_path;  ///< what the client asked for, where a rewrite has replaced `path`
  std::string new_query;  ///< and `query`
  bool rewritten = false;
  std::string remote_user;  ///< empty = nobody has logged in
  std::string request_id;
  std::string peer;       ///< the address of the connection's other end; empty = a Unix socket
  std::string client_ip;  ///< for the log: the outermost address that can be believed
  bool secure = false;    ///< it came over TLS
  bool trusted = false;   ///< the peer is a proxy of ours

  void clear();
  /// The path that the client has sent, in its one spelling.
  const std::string& client_path() const { return rewritten ? sent_path : path; }
  std::string_view query_of(const HttpHead& head) const {
    return rewritten ? std::string_view(new_query) : head.text(query);
  }
};

/// Fills in the place of the request. False = 400.
bool read_target(const HttpHead& head, RequestFacts& facts);
/// Who asks.
void read_origin(const HttpHead& head, const os::PeerAddress& peer,
                 const std::vector<Network>& trusted, RequestFacts& facts);
/// The id that the client has given the request; empty if there is none, or none that is sane.
std::string_view sent_request_id(const HttpHead& head);

bool is_trusted(const os::PeerAddress& peer, const std::vector<Network>& trusted);
bool is_in_network(const os::PeerAddress& peer, const Network& network);

}  // namespace berth::proxy
