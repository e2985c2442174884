// What PID 1 is told of who uses the proxy.
#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

constexpr std::string_view kUpgrade =
    "GET /showcase/2025/boston/cable HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Key: a\r\n\r\n";
constexpr std::string_view k101 =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: b\r\n\r\n";

class ActivityTest : public ProxyWorld {
 protected:
  ActivityTest() { config.tells_activity = true; }

  std::size_t told() const { return host->count<control::Activity>(); }
  bool is_busy() const { return host->last<control::Activity>().busy; }
  struct WebSocket {
    TestPeer& client;
    TestPeer& backend;
  };
  WebSocket open_websocket() {
    configure();
    TestPeer& client = connect();
    send(client, kUpgrade);
    grant();
    TestPeer& backend = accept();
    gets(backend, "\r\n\r\n");
    send(backend, k101);
    gets(client, "\r\n\r\n");
    return {client, backend};
  }
  bool is_told(std::size_t times) {
    return until([&] { return told() == times; });
  }
};

TEST_F(ActivityTest, IsToldOnceConfiguredAndWhenItChanges) {
  configure();
  ASSERT_TRUE(is_told(1));
  EXPECT_FALSE(is_busy());

  TestPeer& client = connect();
  send(client, kGet);

  ASSERT_TRUE(is_told(2));
  EXPECT_TRUE(is_busy());
  EXPECT_EQ(host->count<control::Acquire>(), 1U);
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  pass(Milliseconds(5'000));
  EXPECT_EQ(told(), 2U);
  send(backend, kOk);
  gets(client, "ok");
  pass(Milliseconds(900));
  EXPECT_EQ(told(), 2U);
  pass(Milliseconds(200));
  ASSERT_EQ(told(), 3U);
  EXPECT_FALSE(is_busy());
  EXPECT_GE(host->last<control::Activity>().quiet_for, Milliseconds(1'000));
}

TEST_F(ActivityTest, CostsNoMessageARequest) {
  config.spec.static_root = "/nowhere";
  configure();
  TestPeer& client = connect();
  for (int i = 0; i < 20; ++i) {
    send(client, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(gets(client, "404 "));
    pass(Milliseconds(300));
  }
  EXPECT_EQ(told(), 2U);
  pass(Milliseconds(1'200));
  EXPECT_EQ(told(), 3U);
}

TEST_F(ActivityTest, DoesNotCountHealthChecksAndMetrics) {
  configure();
  TestPeer& client = connect();
  send(client, "GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(gets(client, "200 OK"));
  TestPeer& reader = connect_to(metrics_port);
  send(reader, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  turns(5);
  pass(Milliseconds(2'000));

  EXPECT_EQ(told(), 1U);
}

TEST_F(ActivityTest, CountsAWebSocketAsLongAsItIsOpen) {
  const WebSocket socket = open_websocket();
  pass(Milliseconds(10'000));
  EXPECT_EQ(told(), 2U);
  EXPECT_TRUE(is_busy());

  socket.client.close();
  socket.backend.close();
  turns(5);
  pass(Milliseconds(1'200));

  EXPECT_EQ(told(), 3U);
  EXPECT_FALSE(is_busy());
}

TEST_F(ActivityTest, DoesNotCountWebSocketsThatMayBeCut) {
  config.backends[0].count_websockets = false;
  open_websocket();
  pass(Milliseconds(1'200));

  EXPECT_EQ(told(), 3U);
  EXPECT_FALSE(is_busy());
}

TEST_F(ActivityTest, IsToldToWhoeverWantsToKnowLater) {
  config.tells_activity = false;
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  turns(5);
  EXPECT_EQ(told(), 0U);

  config.tells_activity = true;
  configure();

  ASSERT_TRUE(is_told(1));
  EXPECT_TRUE(is_busy());
}

}  // namespace
}  // namespace berth::proxy
