// Where redirects, rewrites and routes lead.
#include "proxy/router.h"

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

ProxySpec with_redirect(const std::string& from, const std::string& to) {
  ProxySpec spec;
  spec.redirects = {{from, to, 302}};
  return spec;
}

std::string redirected(const ProxySpec& spec, std::string_view path, std::string_view query = {}) {
  const auto found = Router(spec).find_redirect(path, query);
  return found ? found->location : "";
}

std::string rewritten(const ProxySpec& spec, const std::string& path,
                      const std::string& query = {}) {
  PathAndQuery place{path, query};
  bool refused = false;
  Router(spec).rewrite(place, refused);
  return refused ? "refused" : place.path + place.query;
}

std::string routed(const RouteSpec& route, const std::string& path, const std::string& query = {}) {
  ProxySpec spec;
  spec.routes = {route};
  const Router router(spec);
  const Router::Route found = router.find_route("GET", path);
  return found.index == Router::kNone ? "" : target_of(route, found.captures, {path, query});
}

RouteSpec regex_route(const std::string& path, const std::string& to) {
  RouteSpec route;
  route.path = path;
  route.unit = "u";
  route.to = to;
  return route;
}

RouteSpec prefix_route(const std::string& prefix, const std::string& to = {}) {
  RouteSpec route;
  route.prefix = prefix;
  route.unit = "u";
  route.to = to;
  return route;
}

TEST(Redirects, KeepTheQueryAndFillInGroups) {
  const ProxySpec spec = with_redirect("^/old/(\\w+)/(.*)$", "/new/$2/$1");

  EXPECT_EQ("/new/b/c/a?x=1&y", redirected(spec, "/old/a/b/c", "?x=1&y"));
  EXPECT_EQ("", redirected(spec, "/older/a/b"));
}

TEST(Redirects, AddTheQueryToOneOfTheirOwn) {
  const ProxySpec spec = with_redirect("^/a$", "https://example.org/b?from=a");

  EXPECT_EQ("https://example.org/b?from=a", redirected(spec, "/a"));
  EXPECT_EQ("https://example.org/b?from=a&x=1", redirected(spec, "/a", "?x=1"));
}

TEST(Redirects, DoNotLeadWhereTheRequestIsAlready) {
  const ProxySpec spec = with_redirect("^/.*$", "/home");

  EXPECT_EQ("/home", redirected(spec, "/x"));
  EXPECT_EQ("", redirected(spec, "/home"));
}

TEST(Redirects, NeverLetAClientNameTheHost) {
  const ProxySpec spec = with_redirect("^/go(/.*)$", "/$1");

  EXPECT_EQ("/evil.example/x", redirected(spec, "/go/evil.example/x"));
}

TEST(Redirects, GoByTheFirstThatMatches) {
  ProxySpec spec;
  spec.redirects = {{"^/b", "/1", 301}, {"^/a", "/2", 307}, {"^/a/b", "/3", 308}};

  EXPECT_EQ("/2", redirected(spec, "/a/b"));
  EXPECT_EQ(307, Router(spec).find_redirect("/a/b", "")->status);
}

TEST(Rewrites, AreAppliedOneAfterTheOther) {
  ProxySpec spec;
  spec.rewrites = {{"^/c$", "/d"}, {"^/a/(.*)$", "/b/$1"}, {"^/b/c$", "/c"}};

  EXPECT_EQ("/d?q", rewritten(spec, "/a/c", "?q"));
  EXPECT_EQ("/b/x", rewritten(spec, "/a/x"));
  EXPECT_EQ("/x", rewritten(spec, "/x"));
}

TEST(Rewrites, ComeToAnEnd) {
  ProxySpec spec;
  spec.rewrites = {{"^/a$", "/b"}, {"^/b$", "/a"}, {"^/in/(.*)$", "/in/in/$1"}};

  EXPECT_EQ("/a", rewritten(spec, "/a"));
  EXPECT_EQ("/in/in/x", rewritten(spec, "/in/x"));
}

TEST(Rewrites, MakePathsInTheirOneSpelling) {
  ProxySpec spec;
  spec.rewrites = {{"^/a(.*)$", "/x/$1"}, {"^/up/(.*)$", "/../$1"}, {"^/dots/(.*)$", "/y/.$1"}};

  EXPECT_EQ("/x/b", rewritten(spec, "/a/b"));
  EXPECT_EQ("refused", rewritten(spec, "/up/b"));
  EXPECT_EQ("/z", rewritten(spec, "/dots/./z"));
}

TEST(Rewrites, MayAddAQuery) {
  ProxySpec spec;
  spec.rewrites = {{"^/people/(\\d+)$", "/people?id=$1"}};

  EXPECT_EQ("/people?id=7&x=1", rewritten(spec, "/people/7", "?x=1"));
}

TEST(RouteTargets, AreThePathOfARegexWithItsGroups) {
  EXPECT_EQ("/cable?a=b", routed(regex_route("^/showcase/regions/iad(/cable)$", "$1"),
                                 "/showcase/regions/iad/cable", "?a=b"));
  EXPECT_EQ("/pdf/a%2Fb", routed(regex_route("^/r/(.*)$", "/pdf/$1"), "/r/a%2Fb"));
  EXPECT_EQ("/x/y", routed(regex_route("/y$", ""), "/x/y"));
  EXPECT_EQ("", routed(regex_route("^/y$", "/z"), "/x/y"));
}

TEST(RouteTargets, KeepWhatIsBehindThePrefix) {
  EXPECT_EQ("/a/b", routed(prefix_route("/a"), "/a/b"));
  EXPECT_EQ("/in/b?q", routed(prefix_route("/a", "/in"), "/a/b", "?q"));
  EXPECT_EQ("/in/b", routed(prefix_route("/a/", "/in/"), "/a/b"));
  EXPECT_EQ("/b", routed(prefix_route("/a", "/"), "/a/b"));
  EXPECT_EQ("/in/b?x=1&q", routed(prefix_route("/a", "/in?x=1"), "/a/b", "?q"));
}

TEST(RouteTargets, AreStripped) {
  RouteSpec route = prefix_route("/showcase/api");
  route.strip = "/showcase";
  EXPECT_EQ("/api/x", routed(route, "/showcase/api/x"));
  route.to = "/v2";
  EXPECT_EQ("/v2/api/x", routed(route, "/showcase/api/x"));

  RouteSpec whole = prefix_route("/a");
  whole.strip = "/a";
  EXPECT_EQ("/", routed(whole, "/a"));
}

TEST(RouteTargets, NeverClimb) {
  EXPECT_EQ("", routed(regex_route("^/f(.*)$", "/.$1"), "/f./x"));
}

TEST(Routes, GoByMethodAndOrder) {
  ProxySpec spec;
  spec.routes = {prefix_route("/a"), regex_route("^/a", ""), prefix_route("/")};
  spec.routes[0].methods = {"POST"};
  const Router router(spec);

  EXPECT_EQ(0U, router.find_route("POST", "/a/x").index);
  EXPECT_EQ(1U, router.find_route("GET", "/a/x").index);
  EXPECT_EQ(2U, router.find_route("GET", "/b").index);
}

TEST(Regexes, MatchInOnePass) {
  RegexList list;
  for (int i = 0; i < 200; ++i)
    list.add("^/r" + std::to_string(i) + "/(.*)$");
  list.add("/x$");
  list.compile();

  EXPECT_EQ((std::vector<int>{7, 200}), list.matches("/r7/x"));
  EXPECT_EQ((std::vector<int>{}), list.matches("/r/y"));
  Captures captures;
  list.capture(7, "/r7/x", captures);
  EXPECT_EQ("x", captures[1]);
}

TEST(Regexes, OfNoUseMatchNothing) {
  RegexList list;
  list.add("(a");
  list.add("b");
  list.compile();

  EXPECT_EQ((std::vector<int>{1}), list.matches("(ab"));
}

TEST(Regexes, TakeNoLongerForWickedPaths) {
  RegexList list;
  list.add("^(a+)+$");
  list.compile();

  EXPECT_TRUE(list.matches(std::string(8'000, 'a') + "!").empty());
}

}  // namespace
}  // namespace berth::proxy
