// Clients that finish sending, and those that leave: the difference, and what is let go.
#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

const std::string kUnit = "tenant@2025-boston";
constexpr std::string_view kAreYouThere = "HTTP/1.1 100 Continue\r\n\r\n";

class DepartureTest : public ProxyWorld {
 protected:
  void SetUp() override {
    configure();
    client = &connect();
  }
  /// A request has reached the unit, which computes.
  TestPeer& begin(std::string_view request = kGet) {
    send(*client, request);
    grant();
    TestPeer& backend = accept();
    gets(backend, "\r\n\r\n");
    return backend;
  }
  bool is_released() {
    host->send(control::Revoke{kUnit, 1});
    EXPECT_TRUE(
        until([&] { return host->count<control::Returned>() + host->count<control::Busy>() > 0; }));
    return host->count<control::Returned>() == 1;
  }
  TestPeer* client = nullptr;
};

TEST_F(DepartureTest, ReleasesTheLeaseAtOnceWhileTheUnitComputes) {
  TestPeer& backend = begin();

  client->close();

  EXPECT_TRUE(ends(backend));
  EXPECT_TRUE(is_released());
  EXPECT_NE(log().find("\"status\":499,"), std::string::npos);
}

TEST_F(DepartureTest, AsksWhoHasFinishedSendingAndAnswersIfSomebodyIsThere) {
  TestPeer& backend = begin();
  client->finish();
  EXPECT_TRUE(gets(*client, kAreYouThere));

  pass(Milliseconds(20'000));
  EXPECT_FALSE(client->ended);
  send(backend, kOk);

  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
  EXPECT_TRUE(ends(*client));
}

TEST_F(DepartureTest, AnswersARequestWhoseEndCameTogetherWithTheHead) {
  send(*client, kGet);
  client->finish();
  EXPECT_TRUE(gets(*client, kAreYouThere));
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  send(backend, kOk);

  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
}

TEST_F(DepartureTest, AsksNobodyWhoKnowsNoInterimReplies) {
  TestPeer& backend = begin("GET /showcase/2025/boston/ HTTP/1.0\r\n\r\n");
  client->finish();
  turns(5);
  EXPECT_EQ(client->input, "");
  send(backend, kOk);

  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
}

TEST_F(DepartureTest, KeepsAPlaceInTheWaitingRoomForWhoIsThere) {
  send(*client, kGet);
  turns(3);
  client->finish();
  EXPECT_TRUE(gets(*client, kAreYouThere));
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  send(backend, kOk);

  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
}

TEST_F(DepartureTest, GivesUpAnUploadThatEndsEarly) {
  TestPeer& backend =
      begin("POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");

  client->finish();

  EXPECT_TRUE(ends(backend));
  EXPECT_TRUE(ends(*client));
  EXPECT_TRUE(is_released());
}

TEST_F(DepartureTest, EndsAStreamOfEventsWithItsReader) {
  TestPeer& backend = begin();
  send(backend,
       "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\ndata: a\n\n");
  EXPECT_TRUE(gets(*client, "9\r\ndata: a\n\n\r\n"));

  client->close();

  EXPECT_TRUE(ends(backend));
  EXPECT_TRUE(is_released());
}

TEST_F(DepartureTest, LetsAReplyThatHasBegunFinishForWhoHasFinishedSending) {
  TestPeer& backend = begin();
  send(backend, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  gets(*client, "ab");
  client->finish();
  turns(3);
  send(backend, "cd");

  EXPECT_TRUE(gets(*client, "cd"));
}

}  // namespace
}  // namespace berth::proxy
