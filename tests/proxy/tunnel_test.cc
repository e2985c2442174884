// WebSockets: the upgrade, both directions, and how a tunnel ends.
#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

constexpr std::string_view kUpgrade =
    "GET /showcase/2025/boston/cable HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Key: a\r\n\r\n";
constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: b\r\n\r\n";
const std::string kUnit = "tenant@2025-boston";

class TunnelTest : public ProxyWorld {
 protected:
  void open(std::string_view early = {}) {
    configure();
    client = &connect();
    send(*client, kUpgrade);
    grant();
    backend = &accept();
    EXPECT_TRUE(gets(*backend, "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
    send(*backend, std::string(kSwitch) + std::string(early));
    EXPECT_TRUE(gets(*client, "HTTP/1.1 101 Switching Protocols\r\n"));
    EXPECT_TRUE(gets(*client, "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
  }
  TestPeer* client = nullptr;
  TestPeer* backend = nullptr;
};

TEST_F(TunnelTest, PassesBytesBothWays) {
  open("early");
  EXPECT_TRUE(gets(*client, "early"));
  send(*client, "ping");
  EXPECT_TRUE(gets(*backend, "ping"));
  send(*backend, "pong");
  EXPECT_TRUE(gets(*client, "pong"));
}

TEST_F(TunnelTest, IsClosedAtOnceWhenTheProxyDrains) {
  open();

  host->send(control::Drain{Milliseconds(10'000)});

  EXPECT_TRUE(ends(*backend));
  EXPECT_TRUE(ends(*client));
  client->close();
  EXPECT_TRUE(until([&] { return server->is_over(); }));
}

TEST_F(TunnelTest, StaysUntilTheGraceIsOverWhenAnotherProcessHasTakenOver) {
  open();

  host->send(control::Drain{Milliseconds(10'000), true});
  turns(3);
  pass(Milliseconds(9'900));
  send(*client, "ping");
  EXPECT_TRUE(gets(*backend, "ping"));
  pass(Milliseconds(200));

  EXPECT_TRUE(gets(*client, "\x88\x02\x03\xe9"));
  EXPECT_TRUE(ends(*client));
  EXPECT_FALSE(server->is_over()) << "the client has not taken leave";
  client->close();
  EXPECT_TRUE(until([&] { return server->is_over(); }));
}

TEST_F(TunnelTest, WaitsForNoClientThatTakesNoLeave) {
  open();

  host->send(control::Drain{Milliseconds(10'000), true});
  turns(3);
  pass(Milliseconds(11'200));

  EXPECT_TRUE(server->is_over());
}

TEST_F(TunnelTest, HasNoDeadline) {
  open();
  pass(Milliseconds(200'000));
  send(*backend, "still here");

  EXPECT_TRUE(gets(*client, "still here"));
}

TEST_F(TunnelTest, PassesAnEndOn) {
  open();
  client->finish();
  EXPECT_TRUE(ends(*backend));
  send(*backend, "last words");
  backend->close();
  EXPECT_TRUE(gets(*client, "last words"));
  EXPECT_TRUE(ends(*client));
}

TEST_F(TunnelTest, CountsAsUse) {
  config.backends[0].idle_timeout = Milliseconds(1'000);
  open();
  pass(Milliseconds(3'000));
  EXPECT_EQ(host->count<control::Returned>(), 0U);
  host->send(control::Revoke{kUnit, 1});
  EXPECT_TRUE(until([&] { return host->count<control::Busy>() == 1; }));
  client->close();
  turns(3);
  pass(Milliseconds(7'000));
  EXPECT_EQ(host->count<control::Returned>(), 1U);
}

TEST_F(TunnelTest, IsClosedWith1001IfItDoesNotCount) {
  config.backends[0].idle_timeout = Milliseconds(1'000);
  config.backends[0].count_websockets = false;
  open();
  pass(Milliseconds(1'300));

  EXPECT_EQ(host->count<control::Returned>(), 1U);
  EXPECT_TRUE(gets(*client, std::string_view("\x88\x02\x03\xe9", 4)));
  EXPECT_TRUE(ends(*client));
  EXPECT_TRUE(ends(*backend));
}

TEST_F(TunnelTest, IsClosedAtOnceWhenTheUnitsLifeEnds) {
  open();
  host->send(control::Ending{kUnit, 1, Milliseconds(10'000)});

  EXPECT_TRUE(gets(*client, std::string_view("\x88\x02\x03\xe9", 4)));
  EXPECT_TRUE(ends(*client));
  EXPECT_TRUE(ends(*backend));
  EXPECT_EQ(host->count<control::Returned>(), 1U);
}

TEST_F(TunnelTest, IsNotOpenedWhereTheRouteForbidsIt) {
  config.route_backends.push_back(0);
  RouteSpec route;
  route.prefix = "/showcase/2025/boston/cable";
  route.unit = kUnit;
  route.websocket = false;
  config.spec.routes.push_back(route);
  configure();
  client = &connect();
  send(*client, kUpgrade);
  grant();
  backend = &accept();
  gets(*backend, "\r\n\r\n");

  EXPECT_EQ(backend->input.find("Upgrade"), std::string::npos);
}

TEST_F(TunnelTest, StallsTheSenderWhileTheReceiverDoesNotRead) {
  open();
  client->reading = false;
  const std::string block(65536, 'x');
  std::size_t sent = 0;
  for (int stuck = 0; stuck < 20; turn()) {
    const std::size_t now = backend->send_some(block);
    stuck = now == 0 ? stuck + 1 : 0;
    sent += now;
  }
  EXPECT_LT(sent, std::size_t{60'000'000});
  client->reading = true;
  EXPECT_TRUE(until([&] { return client->input.size() == sent; }));
}

}  // namespace
}  // namespace berth::proxy
