// Limits against abuse: what whoever is over one sees, what it is counted as, and that others do
// not notice.
#include <sys/resource.h>

#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

constexpr std::string_view kHealth = "GET /up HTTP/1.1\r\nHost: x\r\n\r\n";

class LimitsTest : public ProxyWorld {
 protected:
  std::uint64_t count(Refusal refusal) const { return server->counters().of(refusal); }
  /// A client whose first request has been answered.
  TestPeer& idle_client() {
    TestPeer& client = connect();
    send(client, kHealth);
    gets(client, "ok\n");
    return client;
  }
  std::string status_of(std::string_view request) {
    TestPeer& client = connect();
    send(client, request);
    until([&] { return client.ended; });
    return client.input.substr(0, 12);
  }
};

TEST_F(LimitsTest, CountsEachRefusalByItsReason) {
  config.spec.max_body = Bytes{10};
  configure();

  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status_of("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 414");
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: " + std::string(70'000, 'a')), "HTTP/1.1 431");
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n"), "HTTP/1.1 413");

  for (const Refusal each : {Refusal::malformed, Refusal::target_too_long, Refusal::head_too_large,
                             Refusal::body_too_large})
    EXPECT_EQ(count(each), 1U) << to_string(each);
}

TEST_F(LimitsTest, GivesAHeadItsTimeAsAWholeHoweverItTrickles) {
  configure();
  TestPeer& slow = connect();
  TestPeer& silent = connect();
  for (int second = 0; second < 12 && !slow.ended; ++second) {
    send(slow, second == 0 ? "GET / HTTP/1.1\r\nX: " : "y");
    pass(Milliseconds(1'000));
  }

  EXPECT_TRUE(gets(slow, "HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(ends(silent));
  EXPECT_EQ(silent.input, "");
  EXPECT_EQ(count(Refusal::head_too_slow), 2U);
}

TEST_F(LimitsTest, ClosesAnIdleConnectionAfterItsTime) {
  configure();
  TestPeer& client = idle_client();
  pass(config.spec.idle_timeout - Milliseconds(500));
  EXPECT_FALSE(client.ended);
  pass(Milliseconds(1'000));

  EXPECT_TRUE(ends(client));
}

TEST_F(LimitsTest, ClosesAReaderThatStalls) {
  configure();
  TestPeer& client = connect();
  client.reading = false;
  send(client, kGet);
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  send(backend, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
  const std::string block(65536, 'x');
  for (int stuck = 0; stuck < 20; turn())
    stuck = backend.send_some(block) == 0 ? stuck + 1 : 0;
  pass(config.spec.idle_timeout + Milliseconds(500));

  EXPECT_TRUE(ends(backend));
  EXPECT_EQ(count(Refusal::reader_stalled), 1U);
}

TEST_F(LimitsTest, AnswersASlowBodyWith408) {
  configure();
  TestPeer& client = connect();
  send(client, "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
  grant();
  accept();
  pass(config.spec.upstream_timeout + Milliseconds(200));

  EXPECT_TRUE(gets(client, "HTTP/1.1 408 "));
  EXPECT_EQ(count(Refusal::body_too_slow), 1U);
}

TEST_F(LimitsTest, AnswersABodyThatTricklesWith408) {
  configure();
  TestPeer& client = connect();
  send(client, "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  grant();
  accept();
  for (int second = 0; second < 70 && !client.ended; ++second) {
    send(client, "byte");
    pass(Milliseconds(1'000));
  }

  EXPECT_TRUE(gets(client, "HTTP/1.1 408 "));
  EXPECT_EQ(count(Refusal::body_too_slow), 1U);
}

TEST_F(LimitsTest, GivesABodyThatComesSlowlyButSteadilyItsTime) {
  configure();
  TestPeer& client = connect();
  send(client, "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 120000\r\n\r\n");
  grant();
  TestPeer& backend = accept();
  for (int second = 0; second < 200; ++second) {
    send(client, std::string(600, 'b'));
    pass(Milliseconds(1'000));
  }

  EXPECT_TRUE(until([&] { return backend.input.size() >= 120'000; }));
  EXPECT_EQ(count(Refusal::body_too_slow), 0U);
  EXPECT_FALSE(client.ended);
}

TEST_F(LimitsTest, LetsClientAndUnitTalkSlowlyOnceThereIsAReply) {
  configure();
  TestPeer& client = connect();
  send(client,
       "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  grant();
  TestPeer& backend = accept();
  send(backend, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
  gets(client, "hi\r\n");
  for (int round = 0; round < 5; ++round) {
    send(client, "1\r\nx\r\n");
    pass(config.spec.upstream_timeout / 2);
  }

  EXPECT_FALSE(client.ended);
}

TEST_F(LimitsTest, MakesRoomByClosingAnIdleConnection) {
  config.spec.max_connections = 2;
  configure();
  TestPeer& idle = idle_client();
  TestPeer& fresh = connect();  // has not asked for anything yet
  turns(3);

  TestPeer& third = connect();
  send(third, kHealth);

  EXPECT_TRUE(gets(third, "ok\n"));
  EXPECT_TRUE(ends(idle));
  EXPECT_FALSE(fresh.ended);
  EXPECT_EQ(count(Refusal::idle_dropped), 1U);
}

TEST_F(LimitsTest, KeepsNoConnectionWhileSomebodyWaitsToBeAccepted) {
  config.spec.max_connections = 1;
  configure();
  TestPeer& busy = connect();
  send(busy, kGet);
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  TestPeer& second = connect();
  send(second, kHealth);
  turns(3);

  send(backend, kOk);

  EXPECT_TRUE(gets(busy, "Connection: close\r\n"));
  EXPECT_TRUE(ends(busy));
  busy.close();
  EXPECT_TRUE(gets(second, "ok\n"));
}

TEST_F(LimitsTest, LeavesTheRestInTheQueueWhileAllAreBusy) {
  config.spec.max_connections = 1;
  configure();
  TestPeer& busy = connect();
  send(busy, kGet);
  turns(3);
  TestPeer& second = connect();
  send(second, kHealth);
  turns(5);
  EXPECT_EQ(second.input, "");
  EXPECT_GE(count(Refusal::connections_full), 1U);

  busy.close();

  EXPECT_TRUE(gets(second, "ok\n"));
}

TEST_F(LimitsTest, TellsAnAddressWithTooManyConnections) {
  config.spec.max_connections_per_address = 2;
  configure();
  TestPeer& one = idle_client();
  TestPeer& two = idle_client();

  TestPeer& third = connect();
  send(third, kHealth);

  EXPECT_TRUE(gets(third, "HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_TRUE(gets(third, "Retry-After: 1\r\n"));
  EXPECT_TRUE(ends(third));
  EXPECT_EQ(count(Refusal::address_full), 1U);
  third.close();
  one.close();
  turns(3);
  idle_client();
  EXPECT_FALSE(two.ended);
}

TEST_F(LimitsTest, TellsAnAddressNothingThatGoesOnAndOn) {
  config.spec.max_connections_per_address = 1;
  configure();
  idle_client();
  TestPeer& told = connect();
  turns(3);

  TestPeer& third = connect();

  EXPECT_TRUE(ends(third));
  EXPECT_EQ(third.input, "");
  EXPECT_FALSE(told.ended);
}

TEST_F(LimitsTest, DoesNotCountWhatComesThroughAProxyOfOurs) {
  config.spec.max_connections_per_address = 1;
  config.spec.trust_proxy = {Network{{127, 0, 0, 0}, 8}};
  configure();

  for (int i = 0; i < 5; ++i)
    idle_client();

  EXPECT_EQ(count(Refusal::address_full), 0U);
}

TEST_F(LimitsTest, LetsNoMoreRequestsIntoAUnitThanItMayHave) {
  config.backends[0].max_requests = 1;
  configure();
  TestPeer& one = connect();
  TestPeer& two = connect();
  TestPeer& three = connect();
  send(one, kGet);
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  send(two, kGet);
  turns(3);
  send(three, kGet);
  EXPECT_TRUE(nobody_connects());

  send(backend, kOk);
  EXPECT_TRUE(gets(one, "ok"));
  EXPECT_TRUE(gets(backend, "\r\n\r\n"));
  EXPECT_TRUE(nobody_connects());
  send(backend, kOk);
  EXPECT_TRUE(gets(two, "ok"));  // in the order of their arrival
  EXPECT_EQ(three.input, "");
  EXPECT_TRUE(gets(backend, "\r\n\r\n"));
  two.close();
  send(backend, kOk);
  EXPECT_TRUE(gets(three, "ok"));
  EXPECT_EQ(host->count<control::Acquire>(), 1U);
}

TEST_F(LimitsTest, SendsAwayWhoWaitsTooLongForARequestToEnd) {
  config.backends[0].max_requests = 1;
  config.backends[0].queue = 1;
  configure();
  TestPeer& one = connect();
  send(one, kGet);
  grant();
  gets(accept(), "\r\n\r\n");
  TestPeer& two = connect();
  send(two, kGet);
  turns(3);
  TestPeer& three = connect();
  send(three, kGet);

  EXPECT_TRUE(gets(three, "HTTP/1.1 503 "));
  EXPECT_EQ(count(Refusal::waiting_room_full), 1U);
  pass(Milliseconds(5'200));
  EXPECT_TRUE(gets(two, "HTTP/1.1 503 "));
}

TEST_F(LimitsTest, CountsNoWebSocketAsARequest) {
  config.backends[0].max_requests = 1;
  configure();
  TestPeer& socket = connect();
  send(socket,
       "GET /showcase/2025/boston/cable HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
       "Upgrade: websocket\r\n\r\n");
  grant();
  TestPeer& tunnel = accept();
  gets(tunnel, "\r\n\r\n");
  TestPeer& client = connect();
  send(client, kGet);
  EXPECT_TRUE(nobody_connects());

  send(tunnel,
       "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
       "websocket\r\n\r\n");

  EXPECT_TRUE(gets(accept(), "GET "));
}

TEST_F(LimitsTest, LivesThroughAShortageOfDescriptors) {
  configure();
  TestPeer& idle = idle_client();
  TestPeer& busy = connect();
  send(busy, kGet);
  turns(3);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  TestPeer& third = connect();
  send(third, kHealth);
  TestPeer& fourth = connect();
  fourth.send_some(kHealth);
  // No number is free below the limit.
  const os::UniqueFd probe(::dup(0));
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(probe.raw());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  turns(10);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  pass(Milliseconds(300));

  EXPECT_TRUE(gets(third, "ok\n"));
  EXPECT_TRUE(gets(fourth, "ok\n"));
  EXPECT_FALSE(busy.ended);
  EXPECT_FALSE(idle.ended && count(Refusal::idle_dropped) == 0);
}

}  // namespace
}  // namespace berth::proxy
