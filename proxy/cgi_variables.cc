// From fields to variables.
#include "proxy/cgi_variables.h"

#include "proxy/content_coding.h"
#include "proxy/field_edits.h"
#include "proxy/url_path.h"

namespace berth::proxy {
namespace {

constexpr std::string_view kSoftware = "berth";

/// Fields that the job gets by another name, that are for the proxy alone, or that a client could
/// put in another's place.
bool is_withheld(const HttpHead& head, const HeaderField& field, const RequestFacts& facts) {
  switch (field.name) {
    case HeaderName::authorization:
    case HeaderName::connection:
    case HeaderName::content_length:
    case HeaderName::expect:
    case HeaderName::host:
    case HeaderName::keep_alive:
    case HeaderName::proxy:
    case HeaderName::proxy_authorization:
    case HeaderName::proxy_connection:
    case HeaderName::te:
    case HeaderName::trailer:
    case HeaderName::transfer_encoding:
    case HeaderName::upgrade:
    case HeaderName::x_remote_user:
    case HeaderName::x_request_id:
      return true;
    case HeaderName::forwarded:
    case HeaderName::x_forwarded_for:
    case HeaderName::x_forwarded_host:
    case HeaderName::x_forwarded_proto:
    case HeaderName::x_real_ip:
      return !facts.trusted;
    default:
      return equals_ignoring_case(head.name_of(field), "content-type");
  }
}

/// "HTTP_ACCEPT_LANGUAGE"; empty for a name that would not come out as its own: with an underscore,
/// it could be mistaken for one with a dash.
std::string variable_of(std::string_view name) {
  std::string variable = "HTTP_";
  for (const char c : name) {
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_lower && !is_other && c != '-')
      return {};
    variable += c == '-' ? '_' : is_lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return variable;
}

void add_fields(const HttpHead& head, const RequestFacts& facts, cgi::Variables& variables) {
  for (const HeaderField& field : head.fields) {
    const std::string name = variable_of(head.name_of(field));
    if (name.empty() || is_withheld(head, field, facts))
      continue;
    // Several fields of one name are one list (RFC 9110 section 5.3), but for cookies.
    const auto [place, is_new] = variables.emplace(name, head.value_of(field));
    if (!is_new)
      (place->second += name == "HTTP_COOKIE" ? "; " : ", ") += head.value_of(field);
  }
  if (!facts.authority.empty())
    variables["HTTP_HOST"] = facts.authority;
  variables["HTTP_X_REQUEST_ID"] = facts.request_id;
}

void add_place(const HttpHead& head, const RequestFacts& facts, const RouteSpec& route,
               cgi::Variables& variables) {
  const std::string_view query = facts.query_of(head);
  variables["QUERY_STRING"] = query.substr(query.empty() ? 0 : 1);
  variables["REQUEST_URI"] = head.text(head.target);
  // What is behind the prefix, decoded; a regex covers all of the path.
  std::string_view script = facts.path;
  if (!route.prefix.empty())
    script = script.substr(0, route.prefix.size() - (route.prefix.ends_with('/') ? 1 : 0));
  variables["SCRIPT_NAME"] = script;
  std::string info;
  if (decode_path(std::string_view(facts.path).substr(script.size()), info))
    variables["PATH_INFO"] = std::move(info);
}

}  // namespace

cgi::Variables cgi_variables(const HttpHead& head, const RequestFacts& facts,
                             const RouteSpec& route) {
  cgi::Variables variables;
  const bool secure = scheme_of(head, facts) == "https";
  add_fields(head, facts, variables);
  add_place(head, facts, route, variables);
  variables["GATEWAY_INTERFACE"] = "CGI/1.1";
  variables["REQUEST_METHOD"] = head.text(head.method_text);
  variables["REQUEST_SCHEME"] = secure ? "https" : "http";
  variables["SERVER_PROTOCOL"] = head.minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
  variables["SERVER_SOFTWARE"] = kSoftware;
  variables["SERVER_NAME"] = facts.host.empty() ? "localhost" : facts.host;
  const std::string_view port = split_authority(facts.authority).port;
  variables["SERVER_PORT"] = !port.empty() ? port : secure ? "443" : "80";
  variables["REMOTE_ADDR"] = facts.client_ip;
  if (secure)
    variables["HTTPS"] = "on";
  if (!facts.remote_user.empty()) {
    variables["AUTH_TYPE"] = "Basic";
    variables["REMOTE_USER"] = facts.remote_user;
  }
  if (head.body == BodyKind::length)
    variables["CONTENT_LENGTH"] = std::to_string(head.content_length);
  if (const std::string_view type = field_value(head, "content-type"); !type.empty())
    variables["CONTENT_TYPE"] = type;
  return variables;
}

}  // namespace berth::proxy
