// What [proxy] says of requests that go elsewhere than to a tenant: routes, redirects, rewrites.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "units/values.h"

namespace berth {

/// A header field that is set on its way. The value may hold $host, $remote_addr and $scheme.
struct HeaderEdit {
  std::string name;
  std::string value;  ///< empty = the field is taken out
  bool operator==(const HeaderEdit&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.name);
    visit(self.value);
  }
};

/// A server that is no unit: "http://HOST[:PORT][/PATH]".
struct TargetUrl {
  std::string host;  ///< a name or a numeric address, an IPv6 one without brackets; empty = none
  std::uint16_t port = 80;
  bool secure = false;  ///< https
  std::string path;     ///< may hold $1 ...; empty = the request's path stays
  bool operator==(const TargetUrl&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.host);
    visit(self.port);
    visit(self.secure);
    visit(self.path);
  }
};
/// "name:8080", "[::1]:80": who is meant, whatever the path.
std::string authority_of(const TargetUrl& target);

/// One [[proxy.route]]: a path prefix or a regex, and who serves it.
struct RouteSpec {
  std::string prefix;  ///< matches at a segment border; empty = `path` decides
  std::string path;    ///< a regex; empty = `prefix` decides
  std::string unit;    ///< who serves it; empty = `target` or `job` does
  TargetUrl target;
  std::string job;  ///< a job that is run for each request; empty = none
  /// Who may use it; empty = everybody who comes so far.
  std::vector<std::string> allowed_users;
  std::string to;     ///< the path for the unit; may hold $1 ...; empty = it stays as it is
  std::string strip;  ///< taken off the front of the path
  std::vector<HeaderEdit> headers;           ///< of the request
  std::vector<HeaderEdit> response_headers;  ///< of the reply
  bool websocket = true;
  std::vector<std::string> methods;  ///< empty = all
  bool operator==(const RouteSpec&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.prefix);
    visit(self.path);
    visit(self.unit);
    visit(self.target);
    visit(self.job);
    visit(self.allowed_users);
    visit(self.to);
    visit(self.strip);
    visit(self.headers);
    visit(self.response_headers);
    visit(self.websocket);
    visit(self.methods);
  }
  /// What stands for the path, or for its prefix, on the other side.
  const std::string& path_template() const { return unit.empty() ? target.path : to; }
};

/// One [[proxy.redirect]].
struct RedirectSpec {
  std::string from;  ///< a regex
  std::string to;    ///< a path or a URL; may hold $1 ...
  std::uint32_t status = 302;
  bool operator==(const RedirectSpec&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.from);
    visit(self.to);
    visit(self.status);
  }
};

/// One [[proxy.rewrite]].
struct RewriteSpec {
  std::string from;  ///< a regex
  std::string to;    ///< a path; may hold $1 ...
  bool operator==(const RewriteSpec&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.from);
    visit(self.to);
  }
};

}  // namespace berth
