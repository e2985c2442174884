// Heads on their way through (RFC 9110 section 7.6).
#include "proxy/head_writer.h"

#include <algorithm>
#include <optional>

namespace berth::proxy {
namespace {

constexpr std::size_t kVersion = std::string_view("HTTP/1.1").size();
constexpr std::size_t kEmptyLine = 2;

/// Copies the fields for which `keep` says so, as they are; neighbours go in one piece.
template <class Keep>
void append_fields(const HttpHead& head, std::string& out, Keep keep) {
  const std::string_view raw = head.raw;
  std::size_t run = 0;  // where the pending run of kept fields begins; 0 = there is none
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    const HeaderField& field = head.fields[i];
    const std::size_t begin = field.name_text.at;
    if (keep(field)) {
      if (run == 0)
        run = begin;
    } else if (run != 0) {
      out.append(raw.substr(run, begin - run));
      run = 0;
    }
  }
  if (run != 0)
    out.append(raw.substr(run, raw.size() - kEmptyLine - run));
}

/// Connection names further fields that are meant for this hop only.
class ConnectionTokens {
 public:
  explicit ConnectionTokens(const HttpHead& head) : head_(head) {
    for (const HeaderField& field : head.fields) {
      if (field.name != HeaderName::connection)
        continue;
      const std::string_view value = head.value_of(field);
      names_fields_ |= !equals_ignoring_case(value, "close") &&
                       !equals_ignoring_case(value, "keep-alive") &&
                       !equals_ignoring_case(value, "upgrade");
    }
  }
  /// Fields that frame or address the message are never dropped this way.
  bool names(const HeaderField& field) const {
    if (!names_fields_ || field.name == HeaderName::host ||
        field.name == HeaderName::content_length)
      return false;
    for (const HeaderField& each : head_.fields) {
      if (each.name == HeaderName::connection &&
          list_has_token(head_.value_of(each), head_.name_of(field)))
        return true;
    }
    return false;
  }

 private:
  const HttpHead& head_;
  bool names_fields_ = false;
};

/// Fields that we write ourselves, or that nobody outside may set.
bool is_ours(HeaderName name, const UpstreamRequest& request) {
  switch (name) {
    case HeaderName::max_forwards:
      return request.head.method == HTTP_OPTIONS;
    case HeaderName::trailer:
      return request.head.body != BodyKind::chunked;
    case HeaderName::host:
    case HeaderName::proxy:
    case HeaderName::x_forwarded_for:
    case HeaderName::x_forwarded_host:
    case HeaderName::x_forwarded_proto:
    case HeaderName::x_remote_user:
    case HeaderName::x_request_id:
      return true;
    case HeaderName::forwarded:
    case HeaderName::x_real_ip:
      return !request.facts.trusted;
    default:
      return false;
  }
}

void append_forwarding(const UpstreamRequest& request, std::string& out) {
  const RequestFacts& facts = request.facts;
  const auto append = [&](std::string_view name, std::string_view value) {
    if (!request.edits.replaces(name))
      append_field(out, name, value);
  };
  std::string chain;
  if (facts.trusted) {
    for (const HeaderField& field : request.head.fields) {
      if (field.name == HeaderName::x_forwarded_for && field.value.size > 0) {
        chain += request.head.value_of(field);
        chain += ", ";
      }
    }
  }
  chain += facts.peer.empty() ? std::string_view("unknown") : facts.peer;
  append("X-Forwarded-For", chain);
  append("X-Forwarded-Proto", scheme_of(request.head, facts));
  const std::string_view host =
      facts.trusted ? request.head.value(HeaderName::x_forwarded_host) : std::string_view();
  append("X-Forwarded-Host", host.empty() ? std::string_view(facts.authority) : host);
  append_field(out, "X-Request-Id", facts.request_id);
  if (!facts.remote_user.empty())
    append_field(out, "X-Remote-User", facts.remote_user);
}

/// The client takes trailers, and the unit may know it: they are passed on.
bool takes_trailers(const HttpHead& head) {
  return head.minor == 1 &&
         std::any_of(head.fields.begin(), head.fields.end(), [&](const HeaderField& field) {
           return field.name == HeaderName::te && list_has_token(head.value_of(field), "trailers");
         });
}

void append_hop_fields(const UpstreamRequest& request, std::string& out) {
  if (request.head.body == BodyKind::chunked)
    append_field(out, "Transfer-Encoding", "chunked");
  if (request.upgrade)
    out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  else if (takes_trailers(request.head))
    out += "Connection: TE\r\nTE: trailers\r\n";
}

/// One hop less is left (RFC 9110 section 7.6.2).
void append_max_forwards(const HttpHead& head, std::string& out) {
  const std::optional<std::uint32_t> left = max_forwards(head);
  if (head.method == HTTP_OPTIONS && left > 0U)
    append_field(out, "Max-Forwards", std::to_string(*left - 1));
}

/// What is said of a body as the unit has sent it, and is not true of the same compressed.
bool is_of_identity(const HttpHead& head, const HeaderField& field) {
  const std::string_view name = head.name_of(field);
  return field.name == HeaderName::content_length || equals_ignoring_case(name, "etag") ||
         equals_ignoring_case(name, "accept-ranges") ||
         equals_ignoring_case(name, "content-digest") || equals_ignoring_case(name, "content-md5");
}

void append_coding(const HttpHead& head, Coding coding, std::string& out) {
  append_field(out, "Content-Encoding", name_of(coding));
  // The same content, if not the same bytes (RFC 9110 section 8.8.1): so that the unit knows its
  // tag again.
  const std::string_view tag = field_value(head, "etag");
  if (!tag.empty())
    append_field(out, "ETag", tag.starts_with("W/") ? std::string(tag) : "W/" + std::string(tag));
}

/// " 200 OK\r\n" of the status line.
std::string_view status_part(const HttpHead& head) {
  const std::string_view raw = head.raw;
  return raw.substr(kVersion, raw.find('\n') + 1 - kVersion);
}

}  // namespace

void append_request_head(const UpstreamRequest& request, std::string& out) {
  const HttpHead& head = request.head;
  out += head.text(head.method_text);
  out += ' ';
  out += request.target;
  out += " HTTP/1.1\r\n";
  const std::string_view host = request.host.empty() ? request.facts.authority : request.host;
  if (!request.edits.replaces("host"))
    append_field(out, "Host", host.empty() ? "localhost" : host);
  const ConnectionTokens tokens(head);
  append_fields(head, out, [&](const HeaderField& field) {
    return !is_hop_by_hop(field.name) && !is_ours(field.name, request) && !tokens.names(field) &&
           !request.edits.replaces(head.name_of(field));
  });
  request.edits.append(out);
  append_max_forwards(head, out);
  append_forwarding(request, out);
  append_hop_fields(request, out);
  out += "\r\n";
}

void append_response_head(const DownstreamResponse& response, std::string& out) {
  const HttpHead& head = response.head;
  out += "HTTP/1.1";
  out += status_part(head);
  const ConnectionTokens tokens(head);
  bool dated = false;
  append_fields(head, out, [&](const HeaderField& field) {
    dated |= field.name == HeaderName::date;
    if (field.name == HeaderName::trailer)
      return response.chunked;
    // RFC 9110 section 8.6: a 204 has no length.
    if (field.name == HeaderName::content_length && head.status == 204)
      return false;
    return !is_hop_by_hop(field.name) && !tokens.names(field) &&
           !response.edits.replaces(head.name_of(field)) &&
           (response.coding == Coding::identity || !is_of_identity(head, field));
  });
  response.edits.append(out);
  if (response.coding != Coding::identity)
    append_coding(head, response.coding, out);
  if (response.varies)
    append_field(out, "Vary", "Accept-Encoding");
  if (!dated && !response.upgrade)
    append_field(out, "Date", response.date);
  if (response.chunked)
    append_field(out, "Transfer-Encoding", "chunked");
  if (response.upgrade)
    out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  else if (!response.keep_alive)
    out += "Connection: close\r\n";
  else if (response.client_minor == 0)
    out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

void append_interim_head(const HttpHead& head, std::string& out) {
  out += "HTTP/1.1";
  out += status_part(head);
  const ConnectionTokens tokens(head);
  append_fields(head, out, [&](const HeaderField& field) {
    return !is_hop_by_hop(field.name) && field.name != HeaderName::content_length &&
           !tokens.names(field);
  });
  out += "\r\n";
}

}  // namespace berth::proxy
