// Regexes, templates, URLs, header fields.
#include "units/route_values.h"

#include <algorithm>
#include <array>

#include "units/regex_syntax.h"
#include "units/scan.h"

namespace berth {
namespace {

constexpr std::string_view kUrlForm = "a URL such as \"http://host:3000/path\"";
constexpr std::uint16_t kHttpsPort = 443;

constexpr auto kOwnFields = std::to_array<std::string_view>(
    {"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade", "x-remote-user", "x-request-id"});

/// Nothing that a client could take for the end of a header field.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

bool is_url_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '#' && c != '\\'; });
}

bool begins_path(std::string_view text) {
  return is_url_text(text) && (text.starts_with('/') ||
                               (text.size() > 1 && text.front() == '$' && scan::is_digit(text[1])));
}

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return scan::is_alnum(c) || c == '-' || c == '_';
  });
}

bool is_own_field(std::string_view name) {
  return std::any_of(kOwnFields.begin(), kOwnFields.end(), [&](std::string_view own) {
    return std::equal(own.begin(), own.end(), name.begin(), name.end(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  });
}

bool is_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return scan::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == ':';
  });
}

Result<TargetUrl> parse_target(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  const auto wrong = [](std::string message) {
    return Error{ErrorCode::invalid, std::move(message)};
  };
  constexpr std::string_view kSecureScheme = "https://";
  TargetUrl target;
  target.secure = text.starts_with(kSecureScheme);
  if ((!target.secure && !text.starts_with(kScheme)) || !is_url_text(text)) {
    return wrong("");
  }
  if (target.secure) {
    target.port = kHttpsPort;
  }
  text.remove_prefix(target.secure ? kSecureScheme.size() : kScheme.size());
  const std::size_t slash = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, slash);
  target.path = text.substr(slash);
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.rfind(':');
  if (colon != authority.npos && (bracket == authority.npos || colon > bracket)) {
    const auto port = scan::to_number<std::uint16_t>(authority.substr(colon + 1));
    if (!port || *port == 0) {
      return wrong("its port is no number from 1 to 65535");
    }
    target.port = *port;
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  if (!is_host(authority)) {
    return wrong(authority.find('$') == authority.npos
                     ? "it has no host"
                     : "a client must not choose the host: \"$\" may stand in the path only");
  }
  target.host = authority;
  return target;
}

}  // namespace

std::string authority_of(const TargetUrl& target) {
  const bool is_v6 = target.host.find(':') != target.host.npos;
  return (is_v6 ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
}

void read_regex(Value& value, std::string& out) {
  constexpr std::string_view what = "a regex such as \"^/old/(.*)$\"";
  const std::string* raw = value.node().text();
  if (raw == nullptr) {
    value.mismatch(value.node(), what);
    return;
  }
  auto text = expand(*raw, value.reading().scope, ExpandAt::load, quote_regex);
  if (!text) {
    value.complain(value.node().at, "cannot be expanded: " + text.error().message);
    return;
  }
  const auto groups = count_groups(*text);
  if (text->empty() || !groups) {
    value.mismatch(value.node(), what, *text, groups ? "" : groups.error().message);
    return;
  }
  out = *std::move(text);
}

void read_path_template(Value& value, std::string& out) {
  constexpr std::string_view what = "a path that begins with \"/\" or \"$1\"";
  auto text = value.text_of(value.node(), what);
  if (text && !begins_path(*text)) {
    value.mismatch(value.node(), what, *text, "");
  } else if (text) {
    out = *std::move(text);
  }
}

void read_redirect_target(Value& value, std::string& out) {
  constexpr std::string_view what = "a path that begins with \"/\" or \"$1\", or a URL";
  auto text = value.text_of(value.node(), what);
  if (!text) {
    return;
  }
  const bool is_url = text->starts_with("http://") || text->starts_with("https://");
  if (!begins_path(*text) && !(is_url && is_url_text(*text))) {
    value.mismatch(value.node(), what, *text, "");
    return;
  }
  out = *std::move(text);
}

void read_redirect_status(Value& value, std::uint32_t& out) {
  constexpr std::array<std::uint32_t, 5> kStatuses{301, 302, 303, 307, 308};
  std::uint32_t status = out;
  value.number(status, kStatuses.front(), kStatuses.back());
  if (std::find(kStatuses.begin(), kStatuses.end(), status) == kStatuses.end()) {
    value.complain(value.node().at, "must be 301, 302, 303, 307 or 308");
    return;
  }
  out = status;
}

void read_target_url(Value& value, TargetUrl& out) {
  const auto text = value.text_of(value.node(), kUrlForm);
  if (!text) {
    return;
  }
  auto target = parse_target(*text);
  if (!target) {
    value.mismatch(value.node(), kUrlForm, *text, target.error().message);
    return;
  }
  out = *std::move(target);
}

void read_media_types(Value& value, std::vector<std::string>& out) {
  value.texts(out, "a list of media types such as \"text/html\" or \"text/*\"",
              [](const std::string& type) {
                const std::size_t slash = type.find('/');
                return slash != std::string::npos && slash > 0 && slash + 1 < type.size() &&
                       type.find_first_of(" ;,") == std::string::npos;
              });
}

void read_try_files(Value& value, std::vector<std::string>& out) {
  value.texts(out, "a list of file names and endings such as \"index.html\" and \".html\"",
              [](const std::string& tail) {
                return !tail.empty() && !tail.ends_with('/') && is_printable(tail) &&
                       ("/" + tail + "/").find("/../") == std::string::npos;
              });
}

void read_cookie_name(Value& value, std::string& out) {
  constexpr std::string_view what = "the name of a cookie";
  auto name = value.text_of(value.node(), what);
  if (name && !is_field_name(*name)) {
    value.mismatch(value.node(), what, *name, "");
  } else if (name) {
    out = *std::move(name);
  }
}

void read_header_edits(Value& value, std::vector<HeaderEdit>& out) {
  const Node::Table* members = value.node().table();
  if (members == nullptr) {
    value.mismatch(value.node(), "a table of header fields");
    return;
  }
  out.clear();
  for (const Member& member : *members) {
    auto text = value.scalar_text(member.value, "a string for each header field", ExpandAt::load);
    if (!is_field_name(member.key)) {
      value.complain(member.key_at, "holds \"" + member.key + "\", which no header field can be");
    } else if (is_own_field(member.key)) {
      value.complain(member.key_at,
                     "holds \"" + member.key + "\", which berth-proxy alone may set");
    } else if (text && !is_printable(*text)) {
      value.complain(member.value.at, "holds a value with a character that no header can have");
    } else if (text) {
      out.push_back({member.key, *std::move(text)});
    }
  }
}

}  // namespace berth
