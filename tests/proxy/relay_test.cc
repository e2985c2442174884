// Requests that pass through: framing, keep-alive, interim replies, failures of the unit.
#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

class RelayTest : public ProxyWorld {
 protected:
  /// A client whose first request has been answered: the unit is up and connected.
  void SetUp() override {
    configure();
    client = &connect();
    send(*client, kGet);
    grant();
    backend = &accept();
    gets(*backend, "\r\n\r\n");
    send(*backend, kOk);
    gets(*client, "\r\n\r\nok");
  }
  TestPeer* client = nullptr;
  TestPeer* backend = nullptr;
};

TEST_F(RelayTest, KeepsBothConnectionsAlive) {
  for (int i = 0; i < 3; ++i) {
    send(*client, kGet);
    ASSERT_TRUE(gets(*backend, "GET /showcase/2025/boston/ HTTP/1.1\r\n"));
    send(*backend, kOk);
    ASSERT_TRUE(gets(*client, "\r\n\r\nok"));
  }
  EXPECT_TRUE(nobody_connects());
}

TEST_F(RelayTest, PassesAHeadThatComesByteByByte) {
  for (const char c : kGet)
    send(*client, std::string_view(&c, 1));

  EXPECT_TRUE(gets(*backend, "X-Forwarded-For: 127.0.0.1\r\n"));
}

TEST_F(RelayTest, AnswersPipelinedRequestsInOrder) {
  send(*client, std::string(kGet) + "GET /up HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(kGet));
  gets(*backend, "\r\n\r\n");
  EXPECT_EQ(client->input, "");
  send(*backend, kOk);

  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
  EXPECT_TRUE(gets(*client, "\r\n\r\nok\n"));
  EXPECT_TRUE(gets(*backend, "\r\n\r\n"));
  send(*backend, kOk);
  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
}

TEST_F(RelayTest, PassesALongBodyBothWays) {
  const std::string body(300'000, 'b');
  // A request that must not be repeated gets a connection of its own.
  std::string_view head =
      "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n";
  send(*client, head);
  TestPeer& fresh = accept();
  std::string_view rest = body;
  EXPECT_TRUE(until([&] {
    if (!rest.empty())
      rest.remove_prefix(client->send_some(rest));
    return fresh.input.ends_with(body);
  }));
  std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + body;
  rest = reply;
  EXPECT_TRUE(until([&] {
    if (!rest.empty())
      rest.remove_prefix(fresh.send_some(rest));
    return client->input.ends_with(body);
  }));
}

TEST_F(RelayTest, ReemitsChunksOfARequest) {
  send(*client,
       "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3;ext=1\r\nabc\r\n");
  TestPeer& fresh = accept();
  EXPECT_TRUE(gets(fresh, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  send(*client, "0\r\nDigest: x\r\nX-Remote-User: root\r\n\r\n");
  EXPECT_TRUE(gets(fresh, "0\r\nDigest: x\r\n\r\n"));
  send(fresh, kOk);
  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
  send(*client, kGet);
  EXPECT_TRUE(until([&] { return !backend->input.empty() || !fresh.input.empty(); }));
}

TEST_F(RelayTest, ReemitsChunksOfAReply) {
  send(*client, kGet);
  gets(*backend, "\r\n\r\n");
  send(*backend, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n");
  EXPECT_TRUE(gets(*client, "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"));
  send(*backend, "1\r\nc\r\n0\r\nServer-Timing: a\r\nContent-Length: 9\r\n\r\n");
  EXPECT_TRUE(gets(*client, "1\r\nc\r\n0\r\nServer-Timing: a\r\n\r\n"));
  send(*client, kGet);
  EXPECT_TRUE(gets(*backend, "GET "));
}

TEST_F(RelayTest, DeliversTheSameHoweverTheReplyIsSplit) {
  const std::string reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (std::size_t split = 1; split < reply.size(); ++split) {
    send(*client, kGet);
    gets(*backend, "\r\n\r\n");
    send(*backend, reply.substr(0, split));
    turn();
    send(*backend, reply.substr(split));
    ASSERT_TRUE(gets(*client, "0\r\n\r\n"));
  }
}

TEST_F(RelayTest, EndsABodyThatEndsWithTheConnection) {
  send(*client, kGet);
  gets(*backend, "\r\n\r\n");
  send(*backend, "HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_TRUE(gets(*client, "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));
  backend->close();
  EXPECT_TRUE(gets(*client, "0\r\n\r\n"));
}

TEST_F(RelayTest, SpeaksToHttp10WithoutChunks) {
  TestPeer& old = connect();
  send(old, "GET /showcase/2025/boston/ HTTP/1.0\r\n\r\n");
  gets(*backend, "Host: localhost\r\n");
  send(*backend, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");

  EXPECT_TRUE(gets(old, "Connection: close\r\n\r\nab"));
  EXPECT_TRUE(ends(old));
}

TEST_F(RelayTest, PassesAHeadRequestWithoutBody) {
  send(*client, "HEAD /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\n\r\n");
  gets(*backend, "\r\n\r\n");
  send(*backend, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");

  EXPECT_TRUE(gets(*client, "Content-Length: 5000\r\n"));
  gets(*client, "\r\n\r\n");
  send(*client, kGet);
  EXPECT_TRUE(gets(*backend, "GET "));
}

TEST_F(RelayTest, PassesInterimReplies) {
  send(*client,
       "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
       "Content-Length: 3\r\n\r\n");
  TestPeer& fresh = accept();
  gets(fresh, "Expect: 100-continue\r\n");
  send(fresh, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(gets(*client, "HTTP/1.1 100 Continue\r\n\r\n"));
  send(*client, "abc");
  EXPECT_TRUE(gets(fresh, "\r\n\r\nabc"));
  send(fresh, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_TRUE(gets(*client, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204"));
}

TEST_F(RelayTest, ClosesWhenTheUnitAnswersBeforeItHasTheBody) {
  send(*client,
       "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
       "Content-Length: 3\r\n\r\n");
  TestPeer& fresh = accept();
  gets(fresh, "\r\n\r\n");
  send(fresh, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");

  EXPECT_TRUE(gets(*client, "HTTP/1.1 417 No\r\n"));
  EXPECT_TRUE(ends(*client));
}

TEST_F(RelayTest, TriesAgainOnAFreshConnectionIfTheIdleOneWasClosed) {
  send(*client, kGet);
  gets(*backend, "\r\n\r\n");
  backend->close();
  TestPeer& fresh = accept();
  gets(fresh, "GET ");
  send(fresh, kOk);

  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
}

TEST_F(RelayTest, Says502WhenTheUnitDiesWithTheRequest) {
  send(*client, "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  TestPeer& fresh = accept();
  gets(fresh, "\r\n\r\n");
  fresh.close();

  EXPECT_TRUE(gets(*client, "HTTP/1.1 502 Bad Gateway\r\n"));
}

TEST_F(RelayTest, Says502ToNonsense) {
  for (const std::string_view nonsense :
       {"hello\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
    TestPeer& other = connect();
    send(other, "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    TestPeer& fresh = accept();
    gets(fresh, "\r\n\r\n");
    send(fresh, nonsense);
    EXPECT_TRUE(gets(other, "HTTP/1.1 502 Bad Gateway\r\n")) << nonsense;
  }
}

TEST_F(RelayTest, CutsAReplyThatBreaksOff) {
  send(*client, kGet);
  gets(*backend, "\r\n\r\n");
  send(*backend, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  gets(*client, "ab\r\n");
  backend->close();

  EXPECT_TRUE(ends(*client));
  EXPECT_EQ(client->input, "");
}

TEST_F(RelayTest, Says504WhenTheUnitIsSilent) {
  send(*client, kGet);
  gets(*backend, "\r\n\r\n");
  pass(config.spec.upstream_timeout + Milliseconds(200));

  EXPECT_TRUE(gets(*client, "HTTP/1.1 504 Gateway Timeout\r\n"));
}

TEST_F(RelayTest, Says408WhenTheBodyStaysAway) {
  send(*client, "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
  accept();
  pass(config.spec.upstream_timeout + Milliseconds(200));

  EXPECT_TRUE(gets(*client, "HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(ends(*client));
}

TEST_F(RelayTest, AnswersAClientThatHasFinishedSending) {
  send(*client, kGet);
  client->finish();
  gets(*backend, "\r\n\r\n");
  turns(3);
  send(*backend, kOk);

  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
  EXPECT_TRUE(ends(*client));
}

TEST_F(RelayTest, StaysSmallWhileASlowReaderStalls) {
  client->reading = false;
  send(*client, kGet);
  gets(*backend, "\r\n\r\n");
  send(*backend, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
  const std::string block(65536, 'x');
  std::size_t sent = 0;
  int stuck = 0;
  while (stuck < 20) {
    const std::size_t now = backend->send_some(block);
    stuck = now == 0 ? stuck + 1 : 0;
    sent += now;
    turn();
  }

  // What is on the way lies in the kernel's buffers; the proxy keeps one read at the most.
  EXPECT_LT(sent, std::size_t{60'000'000});
  client->reading = true;
  EXPECT_TRUE(until([&] { return client->input.size() >= sent; }));
}

TEST_F(RelayTest, DatesAReplyByTheTimeItIsPassed) {
  send(*client, kGet);
  gets(*backend, "\r\n\r\n");
  clock.advance(Milliseconds(1'000));
  TestPeer& other = connect();
  send(other, "GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
  gets(other, "Date: ");
  const std::string date = other.input.substr(0, other.input.find('\r'));
  send(*backend, kOk);

  EXPECT_TRUE(gets(*client, "Date: " + date + "\r\n"));
}

TEST_F(RelayTest, LogsOneLineARequest) {
  log();
  send(*client,
       "GET /showcase/2025/boston/?q=1 HTTP/1.1\r\nHost: x\r\nUser-Agent: t\"\r\n"
       "X-Request-Id: abc-1\r\n\r\n");
  EXPECT_TRUE(gets(*backend, "X-Request-Id: abc-1\r\n"));
  send(*backend, kOk);
  gets(*client, "ok");

  const std::string line = log();
  EXPECT_EQ(line.substr(line.find(",\"client_ip")),
            ",\"client_ip\":\"127.0.0.1\",\"remote_user\":\"-\",\"method\":\"GET\","
            "\"uri\":\"/showcase/2025/boston/?q=1\",\"protocol\":\"HTTP/1.1\",\"status\":200,"
            "\"body_bytes_sent\":2,\"request_id\":\"abc-1\",\"request_time\":\"0.000000\","
            "\"referer\":\"\",\"user_agent\":\"t\\\"\",\"tenant\":\"2025-boston\","
            "\"response_type\":\"proxy\",\"proxy_backend\":\"" +
                format_address(unit_address()) + "\"}\n");
}

}  // namespace
}  // namespace berth::proxy
