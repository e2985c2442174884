// Redirects, rewrites, routes and targets, in the whole proxy.
#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

class RouteTest : public ProxyWorld {
 protected:
  RouteSpec& add_route(const std::string& prefix, const std::string& name) {
    Backend backend;
    backend.unit = name;
    config.backends.push_back(backend);
    config.route_backends.push_back(static_cast<std::uint32_t>(config.backends.size() - 1));
    RouteSpec route;
    route.prefix = prefix;
    route.unit = name;
    config.spec.routes.push_back(route);
    return config.spec.routes.back();
  }
  RouteSpec& add_target(const std::string& prefix, const std::string& name, std::uint16_t at) {
    RouteSpec& route = add_route(prefix, name + ":" + std::to_string(at));
    route.unit.clear();
    route.target.host = name;
    route.target.port = at;
    Backend& backend = config.backends.back();
    backend.target_host = name;
    backend.target_port = at;
    backend.hold = Milliseconds(10'000);
    return route;
  }
  TestPeer& ask(const std::string& target, const std::string& fields = {}) {
    TestPeer& client = connect();
    send(client, "GET " + target + " HTTP/1.1\r\nHost: Site.example:81\r\n" + fields + "\r\n");
    return client;
  }
  std::uint16_t unit_port() const { return port_of(unit.borrow()); }
};

TEST_F(RouteTest, RedirectsBeforeAnythingThatServes) {
  config.spec.redirects = {{"^/showcase/2025/boston/(.*)$", "/b/$1", 308}};
  configure();
  TestPeer& client = ask("/showcase/2025/boston/x?y=1");

  EXPECT_TRUE(gets(client, "HTTP/1.1 308 Permanent Redirect\r\n"));
  EXPECT_TRUE(gets(client, "Location: /b/x?y=1\r\n"));
}

TEST_F(RouteTest, RewritesWhatTheTenantIsAskedFor) {
  config.spec.rewrites = {{"^/b/(.*)$", "/showcase/2025/boston/$1"}};
  configure();
  ask("/b/x%2Fy?z=1");
  grant();

  EXPECT_TRUE(gets(accept(), "GET /showcase/2025/boston/x%2Fy?z=1 HTTP/1.1\r\n"));
}

TEST_F(RouteTest, AnswersARewriteThatClimbsWith400) {
  config.spec.rewrites = {{"^/b/(.*)$", "/../$1"}};
  configure();

  EXPECT_TRUE(gets(ask("/b/x"), "HTTP/1.1 400 "));
}

TEST_F(RouteTest, AsksForTheLoginOfThePathThatTheClientSent) {
  config.spec.rewrites = {{"^/public/(.*)$", "/showcase/2025/boston/$1"}};
  config.spec.auth_htpasswd = "/nowhere/htpasswd";
  config.spec.auth_public = {"/public/"};
  configure();

  EXPECT_TRUE(gets(ask("/showcase/2025/boston/x"), "HTTP/1.1 503 "));
  ask("/public/x");
  grant();
  EXPECT_TRUE(gets(accept(), "GET /showcase/2025/boston/x HTTP/1.1\r\n"));
}

TEST_F(RouteTest, SetsAndTakesOutFields) {
  RouteSpec& route = add_route("/api", "api");
  route.headers = {{"X-Real-IP", "$remote_addr"},
                   {"X-Origin", "$scheme://$host/$other"},
                   {"Cookie", ""},
                   {"x-forwarded-for", "hidden"}};
  route.response_headers = {{"Access-Control-Allow-Origin", "$scheme://$host"}, {"server", ""}};
  configure();
  TestPeer& client =
      ask("/api/x", "Cookie: a=b\r\nX-Real-Ip: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n");
  grant(1, "api");
  TestPeer& upstream = accept();
  EXPECT_TRUE(until([&] { return upstream.input.ends_with("\r\n\r\n"); }));

  EXPECT_NE(upstream.input.find("\r\nX-Real-IP: 127.0.0.1\r\n"), std::string::npos);
  EXPECT_NE(upstream.input.find("\r\nX-Origin: http://Site.example:81/$other\r\n"),
            std::string::npos);
  EXPECT_NE(upstream.input.find("\r\nx-forwarded-for: hidden\r\n"), std::string::npos);
  EXPECT_EQ(upstream.input.find("Cookie"), std::string::npos);
  EXPECT_EQ(upstream.input.find("1.2.3.4"), std::string::npos);
  EXPECT_EQ(upstream.input.find("X-Forwarded-For"), std::string::npos);

  send(upstream, "HTTP/1.1 200 OK\r\nServer: puma\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(until([&] { return client.input.ends_with("\r\n\r\n"); }));
  EXPECT_NE(client.input.find("\r\nAccess-Control-Allow-Origin: http://Site.example:81\r\n"),
            std::string::npos);
  EXPECT_EQ(client.input.find("puma"), std::string::npos);
}

TEST_F(RouteTest, PassesRequestsToAServerElsewhere) {
  RouteSpec& route = add_target("/r", "127.0.0.1", unit_port());
  route.target.path = "/reports";
  configure();
  TestPeer& client = ask("/r/x?y");
  TestPeer& upstream = accept();

  EXPECT_TRUE(gets(upstream, "GET /reports/x?y HTTP/1.1\r\nHost: 127.0.0.1:" +
                                 std::to_string(unit_port()) + "\r\n"));
  EXPECT_TRUE(gets(upstream, "X-Forwarded-Host: Site.example:81\r\n"));
  send(upstream, kOk);
  EXPECT_TRUE(gets(client, "\r\n\r\nok"));
  EXPECT_EQ(0U, host->count<control::Acquire>());
}

TEST_F(RouteTest, UsesConnectionsToAServerAgain) {
  add_target("/r", "127.0.0.1", unit_port());
  configure();
  TestPeer& client = ask("/r/1");
  TestPeer& upstream = accept();
  send(upstream, kOk);
  EXPECT_TRUE(gets(client, "\r\n\r\nok"));
  send(client, "GET /r/2 HTTP/1.1\r\nHost: x\r\n\r\n");

  EXPECT_TRUE(gets(upstream, "GET /r/2 HTTP/1.1\r\n"));
}

TEST_F(RouteTest, LooksNamesUp) {
  add_target("/r", "localhost", unit_port());
  configure();
  TestPeer& client = ask("/r/1");
  TestPeer& upstream = accept();

  EXPECT_TRUE(gets(upstream, "Host: localhost:" + std::to_string(unit_port()) + "\r\n"));
  send(upstream, kOk);
  EXPECT_TRUE(gets(client, "\r\n\r\nok"));
}

TEST_F(RouteTest, AnswersForAServerThatTakesNoConnectionWith502) {
  const std::uint16_t nobody = [] {
    const os::UniqueFd socket = listen_anywhere();
    return port_of(socket.borrow());
  }();
  add_target("/r", "127.0.0.1", nobody);
  configure();

  EXPECT_TRUE(gets(ask("/r/1"), "HTTP/1.1 502 "));
  EXPECT_TRUE(gets(ask("/r/2"), "HTTP/1.1 502 "));
}

TEST_F(RouteTest, TriesAServerAgainAfterAWhile) {
  os::UniqueFd socket = listen_anywhere();
  const std::uint16_t at = port_of(socket.borrow());
  socket.reset();
  add_target("/r", "127.0.0.1", at);
  configure();
  EXPECT_TRUE(gets(ask("/r/1"), "HTTP/1.1 502 "));
  Address address;
  address.host = "127.0.0.1";
  address.port = at;
  unit = *os::listen_on(address);
  pass(Milliseconds(1'100));

  ask("/r/2");

  EXPECT_TRUE(gets(accept(), "GET /r/2 HTTP/1.1\r\n"));
}

TEST_F(RouteTest, AnswersForANameThatNobodyKnowsWith502) {
  add_target("/r", "no-such-host.invalid", 80);
  configure();

  EXPECT_TRUE(gets(ask("/r/1"), "HTTP/1.1 502 "));
}

TEST_F(RouteTest, SwapsRegexesWithTheTable) {
  config.spec.redirects = {{"^/a$", "/1", 302}};
  configure();
  TestPeer& client = ask("/a");
  EXPECT_TRUE(gets(client, "Location: /1\r\n"));
  config.spec.redirects = {{"^/a$", "/2", 302}, {"^/b$", "/3", 302}};
  configure();
  send(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");

  EXPECT_TRUE(gets(client, "Location: /2\r\n"));
}

}  // namespace
}  // namespace berth::proxy
