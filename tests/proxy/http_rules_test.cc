// What RFC 9110 and 9112 ask of a gateway, word by word, where no other test shows it.
#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

class HttpRulesTest : public ProxyWorld {
 protected:
  void SetUp() override { configure(); }

  /// Sends a request on a connection of its own, and waits until the unit has its head.
  void begin(std::string_view request) {
    client = &connect();
    send(*client, request);
    if (!granted_)
      grant();
    granted_ = true;
    backend = &accept();
    EXPECT_TRUE(until([&] { return backend->input.find("\r\n\r\n") != std::string::npos; }));
  }
  static std::string post(std::string_view fields) {
    return "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
  }
  static bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }

  TestPeer* client = nullptr;
  TestPeer* backend = nullptr;

 private:
  bool granted_ = false;
};

TEST_F(HttpRulesTest, DropsHopByHopFieldsOfAReply) {
  begin(post("Content-Length: 0\r\n"));
  send(*backend,
       "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n"
       "Proxy-Connection: x\r\nUpgrade: h2c\r\nContent-Length: 2\r\nX-Kept: 2\r\n\r\nok");
  ASSERT_TRUE(until([&] { return client->input.ends_with("ok"); }));

  EXPECT_TRUE(has(client->input, "X-Kept: 2\r\n"));
  for (const std::string_view gone : {"Keep-Alive", "X-Hop", "Proxy-Connection", "h2c"})
    EXPECT_FALSE(has(client->input, gone)) << gone;
}

TEST_F(HttpRulesTest, DropsHopByHopFieldsOfAnInterimReply) {
  begin(post("Content-Length: 0\r\n"));
  send(*backend,
       "HTTP/1.1 103 Early Hints\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 7\r\n"
       "Link: </a>\r\n\r\n");

  EXPECT_TRUE(gets(*client, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"));
}

TEST_F(HttpRulesTest, NeverLetsConnectionNameWhatFramesARequest) {
  begin(
      post("Connection: Content-Length, Host, Transfer-Encoding, X-Request-Id, X-Forwarded-For\r\n"
           "Content-Length: 3\r\n") +
      "abc");
  EXPECT_TRUE(until([&] { return backend->input.ends_with("\r\n\r\nabc"); }));

  for (const std::string_view kept : {"\r\nContent-Length: 3\r\n", "\r\nHost: x\r\n",
                                      "\r\nX-Request-Id: ", "\r\nX-Forwarded-For: 127.0.0.1\r\n"})
    EXPECT_TRUE(has(backend->input, kept)) << kept;
}

TEST_F(HttpRulesTest, TellsTheUnitThatTheClientTakesTrailers) {
  begin(post(
      "TE: gzip, trailers\r\nConnection: TE\r\nTrailer: Digest\r\nTransfer-Encoding: chunked\r\n"));

  EXPECT_TRUE(has(backend->input, "Connection: TE\r\nTE: trailers\r\n\r\n"));
  EXPECT_TRUE(has(backend->input, "Trailer: Digest\r\n"));
}

TEST_F(HttpRulesTest, DropsTrailersOfAReplyToHttp10) {
  begin(
      "POST /showcase/2025/boston/ HTTP/1.0\r\n"
      "Content-Length: 0\r\n\r\n");
  send(*backend,
       "HTTP/1.1 200 OK\r\nTrailer: A\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: "
       "b\r\n\r\n");
  EXPECT_TRUE(ends(*client));

  EXPECT_TRUE(client->input.ends_with("\r\n\r\nab"));
  EXPECT_FALSE(has(client->input, "Trailer"));
}

TEST_F(HttpRulesTest, SendsNoInterimReplyToHttp10) {
  begin(
      "POST /showcase/2025/boston/ HTTP/1.0\r\n"
      "Content-Length: 0\r\n\r\n");
  send(*backend, "HTTP/1.1 103 Early Hints\r\n\r\n");
  send(*backend, kOk);

  EXPECT_TRUE(until([&] { return client->input.ends_with("ok"); }));
  EXPECT_TRUE(client->input.starts_with("HTTP/1.1 200 OK\r\n")) << client->input;
}

TEST_F(HttpRulesTest, FramesRepliesWithoutBody) {
  for (const std::string_view reply :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 700\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    begin(post("Content-Length: 0\r\n"));
    send(*backend, reply);
    ASSERT_TRUE(until([&] { return client->input.ends_with("\r\n\r\n"); })) << reply;
    EXPECT_FALSE(has(client->input, "Transfer-Encoding"));
    EXPECT_EQ(has(client->input, "Content-Length"), has(reply, "Content-Length: 700"));
    // The next reply stands right behind it.
    client->input.clear();
    send(*client, "GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(until([&] { return client->input.ends_with("ok\n"); }));
    EXPECT_TRUE(client->input.starts_with("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_F(HttpRulesTest, TrustsNoConnectionWhose204AnnouncedABody) {
  begin(post("Content-Length: 0\r\n"));
  send(*backend, "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n");
  EXPECT_TRUE(gets(*client, "204"));

  EXPECT_TRUE(ends(*backend));
}

TEST_F(HttpRulesTest, TrustsNoConnectionThatSaidMoreThanItsReply) {
  begin(post("Content-Length: 0\r\n"));
  send(*backend, std::string(kOk) + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npwned");
  EXPECT_TRUE(gets(*client, "\r\n\r\nok"));
  EXPECT_TRUE(ends(*backend));
  send(*client, kGet);
  TestPeer& fresh = accept();
  send(fresh, kOk);

  EXPECT_TRUE(until([&] { return client->input.ends_with("ok"); }));
  EXPECT_FALSE(has(client->input, "pwned"));
}

TEST_F(HttpRulesTest, PassesAnEarlyReplyToAnUploadThatGoesOn) {
  begin(post("Content-Length: 1000000000\r\n"));
  const std::string block(65536, 'u');
  for (int i = 0; i < 50; ++i) {
    client->send_some(block);
    turn();
  }
  send(*backend, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nbig!");
  backend->close();

  EXPECT_TRUE(until([&] {
    client->send_some(block);
    return client->input.ends_with("big!");
  }));
  EXPECT_TRUE(client->input.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
  EXPECT_TRUE(ends(*client));
}

TEST_F(HttpRulesTest, Says502WhenTheUnitClosesInTheMiddleOfAHead) {
  for (const std::string_view part : {"H", "HTTP/1.1 200 OK\r\nConte"}) {
    begin(post("Content-Length: 0\r\n"));
    send(*backend, part);
    turns(3);
    backend->close();
    EXPECT_TRUE(gets(*client, "HTTP/1.1 502 Bad Gateway\r\n")) << part;
  }
}

TEST_F(HttpRulesTest, NeverRepeatsARequestThatIsNotSafeToRepeat) {
  begin(post("Content-Length: 0\r\n"));
  send(*backend, kOk);
  gets(*client, "ok");
  // The connection is idle now, and the unit about to close it; a POST does not take the risk.
  send(*client, post("Content-Length: 0\r\n"));
  TestPeer& fresh = accept();
  EXPECT_TRUE(gets(fresh, "POST "));
  fresh.close();

  EXPECT_TRUE(gets(*client, "HTTP/1.1 502 "));
  EXPECT_TRUE(nobody_connects());
}

TEST_F(HttpRulesTest, PassesEventsOnAsTheyCome) {
  begin("GET /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\n\r\n");
  send(*backend, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
  EXPECT_TRUE(gets(*client, "\r\n\r\n"));
  for (int i = 0; i < 3; ++i) {
    send(*backend, "data: x\n\n");
    EXPECT_TRUE(gets(*client, "9\r\ndata: x\n\n\r\n"));
  }
}

TEST_F(HttpRulesTest, CountsMaxForwardsDownForOptions) {
  const auto options = [](std::string_view hops) {
    return "OPTIONS /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: " +
           std::string(hops) + "\r\n\r\n";
  };
  TestPeer& last = connect();
  send(last, options("0"));
  EXPECT_TRUE(gets(last, "HTTP/1.1 204 "));
  EXPECT_TRUE(nobody_connects());

  begin(options("3"));
  EXPECT_TRUE(has(backend->input, "Max-Forwards: 2\r\n"));
}

TEST_F(HttpRulesTest, TakesTheHostOfAnAbsoluteTarget) {
  begin(
      "POST http://outer:81/showcase/2025/boston/ HTTP/1.1\r\nHost: inner\r\nContent-Length: "
      "0\r\n\r\n");

  EXPECT_TRUE(has(backend->input, "\r\nHost: outer:81\r\n"));
  EXPECT_FALSE(has(backend->input, "inner"));
}

TEST_F(HttpRulesTest, ClosesAfterABodyWhoseChunksAreBroken) {
  for (const std::string_view chunks :
       {"3\r\nabcX\r\n", "3 \r\nabc\r\n", "\n3\r\nabc", "0\r\nA\x01: b\r\n\r\n"}) {
    begin(post("Transfer-Encoding: chunked\r\n"));
    send(*client, std::string(chunks) + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(gets(*client, "HTTP/1.1 400 Bad Request\r\n")) << chunks;
    EXPECT_TRUE(ends(*client));
    EXPECT_TRUE(ends(*backend));
    EXPECT_FALSE(has(backend->input, "smuggled"));
  }
}

}  // namespace
}  // namespace berth::proxy
