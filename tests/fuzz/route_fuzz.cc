// Fuzz target: where requests lead. The first line of the input is the Host, the rest the target of
// a request to a fixed table of redirects, rewrites, routes and tenants. Looking it up ends; a
// rewritten path is a path; no location names a host that the table does not name; what a unit is
// asked for begins where the table says and climbs out of nothing; the first route that matches
// counts, and the longest tenant; a job gets nothing but variables.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/cgi_variables.h"
#include "proxy/prefix_table.h"
#include "proxy/request_facts.h"
#include "proxy/router.h"
#include "proxy/url_path.h"
#include "tests/fuzz/require.h"

namespace {

using namespace berth::proxy;
using berth::ProxySpec;
using berth::RouteSpec;

RouteSpec route(const std::string& prefix, const std::string& path, const std::string& to,
                const std::string& strip = {}) {
  RouteSpec made;
  made.prefix = prefix;
  made.path = path;
  made.unit = "unit";
  made.to = to;
  made.strip = strip;
  return made;
}

ProxySpec table() {
  ProxySpec spec;
  spec.redirects = {{"^/go(/.*)$", "$1", 302},
                    {"^/to/(.*)$", "/$1", 301},
                    {"^/away/(\\w*)", "https://example.org/$1?from=here", 302},
                    {"^//", "/slashes", 302}};
  // They go round: each counts once.
  spec.rewrites = {{"^/ping(.*)$", "/pong$1"},
                   {"^/pong(.*)$", "/ping$1?round=1"},
                   {"^/up/(.*)$", "/a/../$1"},
                   {"^(/r/[^/]*)(/.*)?$", "$2$1"}};
  spec.routes = {route("/cable", "", "/inner"),
                 route("/strip/it", "", "", "/strip"),
                 route("", "^/re/([^/]+)/(.*)$", "/base/$1/$2?x=$1"),
                 route("", "(\\.pdf)$", ""),
                 route("/cable/deep", "", ""),
                 route("", "^/job(/.*)?$", "")};
  spec.routes.back().unit.clear();
  spec.routes.back().job = "job";
  return spec;
}

struct Tenant {
  std::string_view host, path;
};
constexpr std::array<Tenant, 5> kTenants = {
    {{"", "/"}, {"", "/a/"}, {"", "/a/b/"}, {"h", "/a/"}, {"h", "/c/"}}};

void check_path(std::string_view path) {
  std::string again;
  require(path.starts_with('/'));
  require(normalise_path(path, again) == PathChange::none && again == path);
}

void check_redirect(const Router& router, const RequestFacts& facts, std::string_view query) {
  const auto found = router.find_redirect(facts.path, query);
  if (!found)
    return;
  const std::string_view location = found->location;
  require(location.starts_with("https://example.org/") ||
          (location.starts_with('/') && !location.starts_with("//")));
  require(location != facts.path + std::string(query));
  require(location.find_first_of("\r\n") == std::string_view::npos);
}

/// False if what came out is no path.
bool check_rewrite(const Router& router, PathAndQuery& place) {
  bool refused = false;
  router.rewrite(place, refused);
  if (refused)
    return false;
  check_path(place.path);
  require(place.query.empty() || place.query.starts_with('?'));
  return true;
}

void check_target(const RouteSpec& route, const std::string& target) {
  if (target.empty())
    return;
  require(target.starts_with('/'));
  std::string path;
  const PathChange change =
      normalise_path(std::string_view(target).substr(0, target.find('?')), path);
  require(change == PathChange::none || change == PathChange::spelling);
  require(route.prefix.empty() || route.to.empty() || is_below(path, route.to));
  require(route.path.empty() || !route.to.starts_with("/base/") || path.starts_with("/base/"));
}

void check_route(const Router& router, const ProxySpec& spec, const PathAndQuery& place) {
  const Router::Route found = router.find_route("GET", place.path);
  for (std::size_t i = 0; i < spec.routes.size(); ++i) {
    const std::string& prefix = spec.routes[i].prefix;
    const bool matches = !prefix.empty() && is_below(place.path, prefix);
    require(!matches || found.index <= i);
    require(found.index != i || prefix.empty() || matches);
  }
  if (found.index == Router::kNone)
    return;
  const RouteSpec& route = router.route(found.index);
  if (route.job.empty())
    check_target(route, target_of(route, found.captures, place));
}

void check_tenant(const RequestFacts& facts) {
  PrefixTable tenants;
  for (std::uint32_t i = 0; i < kTenants.size(); ++i)
    tenants.insert(kTenants[i].host, kTenants[i].path, i);
  std::uint32_t longest = PrefixTable::kNone;
  for (const std::string_view host : {std::string_view(facts.host), std::string_view()}) {
    for (std::uint32_t i = 0; i < kTenants.size(); ++i) {
      const bool covers =
          is_below(facts.path, kTenants[i].path) || facts.path + "/" == kTenants[i].path;
      const bool is_longer =
          longest == PrefixTable::kNone || kTenants[i].path.size() > kTenants[longest].path.size();
      if (kTenants[i].host == host && covers && is_longer)
        longest = i;
    }
    if (longest != PrefixTable::kNone)
      break;
  }
  require(tenants.find(facts.host, facts.path).value == longest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ProxySpec spec = table();
  static const Router router(spec);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string_view target = input.substr(std::min(line + 1, input.size()));
  const std::string bytes = "GET " + std::string(target) +
                            " HTTP/1.1\r\nHost: " + std::string(input.substr(0, line)) + "\r\n\r\n";
  HttpHead head;
  HeadParser parser;
  parser.start(HeadKind::request, head);
  std::size_t used = 0;
  RequestFacts facts;
  if (parser.feed(bytes, used) != HeadOutcome::complete || !read_target(head, facts))
    return 0;
  check_path(facts.path);
  PathAndQuery place{facts.path, std::string(head.text(facts.query))};
  check_redirect(router, facts, place.query);
  check_tenant(facts);
  const berth::cgi::Variables variables = cgi_variables(head, facts, spec.routes.back());
  require(!berth::cgi::fit(variables) || berth::cgi::are_sound(variables));
  if (check_rewrite(router, place))
    check_route(router, spec, place);
  return 0;
}
