// Router: where the redirects, rewrites and routes of a route table lead.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/regex.h"
#include "units/proxy_spec.h"

namespace berth::proxy {

struct Redirection {
  int status = 302;
  std::string location;
};

/// A path with its query, which begins with '?' unless it is empty.
struct PathAndQuery {
  std::string path;  ///< normalised
  std::string query;
};

class Router {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};
  struct Route {
    std::size_t index = kNone;  ///< in ProxySpec::routes
    Captures captures;          ///< views of the path
  };

  Router() = default;
  explicit Router(const ProxySpec& spec);

  /// The first redirect that matches `path` and leads elsewhere; the query goes along.
  std::optional<Redirection> find_redirect(std::string_view path, std::string_view query) const;
  bool has_rewrites() const { return !rewrites_.empty(); }
  /// Applies rewrites to `place` for as long as one matches; each counts once for a request, so
  /// that there is an end. Whether one has matched; `refused`: what came out is no path.
  bool rewrite(PathAndQuery& place, bool& refused) const;
  /// The first route that matches.
  Route find_route(std::string_view method, std::string_view path) const;
  const RouteSpec& route(std::size_t index) const { return routes_[index]; }

 private:
  std::vector<RedirectSpec> redirects_;
  std::vector<RewriteSpec> rewrites_;
  std::vector<RouteSpec> routes_;
  RegexList redirect_regexes_;
  RegexList rewrite_regexes_;
  RegexList route_regexes_;
  std::vector<int> regex_of_route_;  ///< by route: its number in route_regexes_; -1 = a prefix
};

/// What the other side of `route` is asked for; empty if that would be no path.
std::string target_of(const RouteSpec& route, const Captures& captures, const PathAndQuery& place);

/// Appends `query` (with its '?') to a target that may have a query of its own.
void append_query(std::string& target, std::string_view query);

}  // namespace berth::proxy
