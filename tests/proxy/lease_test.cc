// Leases and the waiting room, seen from PID 1, from clients and from the unit.
#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

const std::string kUnit = "tenant@2025-boston";

class LeaseTest : public ProxyWorld {
 protected:
  void use_idle_timeout(Milliseconds idle) { config.backends[0].idle_timeout = idle; }
  /// A request answered under epoch 1.
  TestPeer& serve_one() {
    TestPeer& client = connect();
    send(client, kGet);
    grant();
    TestPeer& backend = accept();
    gets(backend, "\r\n\r\n");
    send(backend, kOk);
    gets(client, "ok");
    return client;
  }
};

TEST_F(LeaseTest, AsksOnceAndLetsAllWhoWaitGo) {
  configure();
  TestPeer& one = connect();
  TestPeer& two = connect();
  send(one, kGet);
  send(two, kGet);
  turns(5);
  EXPECT_EQ(host->count<control::Acquire>(), 1U);
  EXPECT_EQ(host->last<control::Acquire>().unit, kUnit);
  EXPECT_TRUE(nobody_connects());

  grant();

  TestPeer& first = accept();
  TestPeer& second = accept();
  gets(first, "\r\n\r\n");
  gets(second, "\r\n\r\n");
  send(first, kOk);
  send(second, kOk);
  EXPECT_TRUE(gets(one, "ok"));
  EXPECT_TRUE(gets(two, "ok"));
  EXPECT_EQ(host->count<control::Acquire>(), 1U);
}

TEST_F(LeaseTest, ShowsThePageWhenTheHoldIsOver) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  pass(Milliseconds(5'200));

  EXPECT_TRUE(gets(client, "HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_TRUE(gets(client, "Retry-After: 5\r\n"));
  EXPECT_TRUE(gets(client, "</html>\n"));
  send(client, kGet);
  grant();
  EXPECT_TRUE(gets(accept(), "GET "));
}

TEST_F(LeaseTest, BoundsTheWaitingRoom) {
  config.backends[0].queue = 1;
  configure();
  send(connect(), kGet);
  TestPeer& second = connect();
  send(second, kGet);

  EXPECT_TRUE(gets(second, "HTTP/1.1 503 "));
}

TEST_F(LeaseTest, AnswersARefusalAtOnceAndAsksAgainAfterwards) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  turns(3);
  host->send(control::Refused{kUnit, Milliseconds(3000), "it crashed"});
  EXPECT_TRUE(gets(client, "Retry-After: 3\r\n"));
  gets(client, "</html>\n");

  send(client, kGet);
  EXPECT_TRUE(gets(client, "HTTP/1.1 503 "));
  EXPECT_EQ(host->count<control::Acquire>(), 1U);
  gets(client, "</html>\n");

  pass(Milliseconds(3'100));
  send(client, kGet);
  EXPECT_TRUE(until([&] { return host->count<control::Acquire>() == 2; }));
}

TEST_F(LeaseTest, ForgetsAClientThatLeavesWhileItWaits) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  turns(3);
  client.close();
  turns(3);
  grant();

  EXPECT_TRUE(nobody_connects());
  host->send(control::Revoke{kUnit, 1});
  EXPECT_TRUE(until([&] { return host->count<control::Returned>() == 1; }));
}

TEST_F(LeaseTest, ReturnsTheLeaseAfterTheIdleTimeout) {
  use_idle_timeout(Milliseconds(2'000));
  configure();
  serve_one();
  pass(Milliseconds(2'300));

  ASSERT_EQ(host->count<control::Returned>(), 1U);
  const auto returned = host->last<control::Returned>();
  EXPECT_EQ(returned.epoch, 1U);
  EXPECT_EQ(returned.requests, 1U);
  EXPECT_GE(returned.idle_for, Milliseconds(2'000));
}

TEST_F(LeaseTest, HoldsRequestsAfterTheReturnUntilTheNextGrant) {
  use_idle_timeout(Milliseconds(1'000));
  configure();
  TestPeer& client = serve_one();
  pass(Milliseconds(1'300));
  send(client, kGet);
  turns(3);
  EXPECT_EQ(host->count<control::Acquire>(), 2U);
  EXPECT_TRUE(nobody_connects());

  grant(2);

  EXPECT_TRUE(gets(accept(), "GET "));
}

TEST_F(LeaseTest, IsNotIdleWhileARequestIsInFlight) {
  use_idle_timeout(Milliseconds(1'000));
  configure();
  TestPeer& client = serve_one();
  send(client, kGet);
  pass(Milliseconds(3'000));

  EXPECT_EQ(host->count<control::Returned>(), 0U);
}

TEST_F(LeaseTest, NeverReturnsALeaseWithoutIdleTimeout) {
  configure();
  serve_one();
  pass(Milliseconds(20'000));

  EXPECT_EQ(host->count<control::Returned>(), 0U);
}

TEST_F(LeaseTest, AnswersARevocationByWhetherItIsUsed) {
  configure();
  TestPeer& client = serve_one();
  send(client, kGet);
  turns(3);
  host->send(control::Revoke{kUnit, 1});
  EXPECT_TRUE(until([&] { return host->count<control::Busy>() == 1; }));
  EXPECT_EQ(host->count<control::Returned>(), 0U);
}

TEST_F(LeaseTest, IgnoresMessagesOfAnotherEpoch) {
  configure();
  TestPeer& client = serve_one();
  host->send(control::Revoke{kUnit, 7});
  host->send(control::Ending{kUnit, 7, Milliseconds(0)});
  turns(3);
  send(client, kGet);
  turns(3);

  EXPECT_EQ(host->count<control::Returned>(), 0U);
  EXPECT_EQ(host->count<control::Busy>(), 0U);
  EXPECT_EQ(host->count<control::Acquire>(), 1U);
}

TEST_F(LeaseTest, LetsRequestsInFlightFinishWhenALifeEnds) {
  configure();
  TestPeer& one = connect();
  send(one, kGet);
  grant();
  TestPeer& old_life = accept();
  gets(old_life, "\r\n\r\n");
  host->send(control::Ending{kUnit, 1, Milliseconds(10'000)});
  turns(2);
  TestPeer& two = connect();
  send(two, kGet);
  turns(3);
  EXPECT_EQ(host->count<control::Acquire>(), 2U);
  EXPECT_TRUE(nobody_connects());

  send(old_life, kOk);
  EXPECT_TRUE(gets(one, "ok"));
  grant(2);
  TestPeer& new_life = accept();
  gets(new_life, "\r\n\r\n");
  send(new_life, kOk);
  EXPECT_TRUE(gets(two, "ok"));
}

TEST_F(LeaseTest, ReturnsAnEndingLifeWhenTheLastRequestOfItIsAnswered) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  host->send(control::Ending{kUnit, 1, Milliseconds(10'000)});
  turns(3);
  EXPECT_EQ(host->count<control::Returned>(), 0U);

  send(backend, kOk);
  EXPECT_TRUE(gets(client, "ok"));

  EXPECT_TRUE(until([&] { return host->count<control::Returned>() == 1; }));
}

TEST_F(LeaseTest, ReturnsAnEndingLifeAtOnceWhenNothingIsInFlight) {
  configure();
  serve_one();

  host->send(control::Ending{kUnit, 1, Milliseconds(10'000)});

  EXPECT_TRUE(until([&] { return host->count<control::Returned>() == 1; }));
}

TEST_F(LeaseTest, CutsWhatIsInFlightWhenTheGraceIsOver) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  grant();
  gets(accept(), "\r\n\r\n");
  host->send(control::Ending{kUnit, 1, Milliseconds(1'000)});
  turns(2);
  EXPECT_EQ(client.input, "");
  pass(Milliseconds(1'200));

  EXPECT_TRUE(gets(client, "HTTP/1.1 504 "));
}

TEST_F(LeaseTest, HoldsARequestThatFindsTheUnitGone) {
  configure();
  TestPeer& client = serve_one();
  const Address gone = unit_address();
  unit.reset();
  TestPeer& other = connect();
  send(other, "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(until([&] { return host->count<control::Unreachable>() == 1; }));
  EXPECT_EQ(other.input, "");
  host->send(control::Ending{kUnit, 1, Milliseconds(0)});
  EXPECT_TRUE(until([&] { return host->count<control::Acquire>() == 2; }));

  unit = listen_anywhere();
  grant(2);
  TestPeer& backend = accept();
  gets(backend, "POST ");
  send(backend, kOk);

  EXPECT_TRUE(gets(other, "ok"));
  EXPECT_FALSE(client.ended);
}

TEST_F(LeaseTest, TriesAnEndpointAgainThatTakesNoConnectionForAMoment) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  os::UniqueFd spare = listen_anywhere();
  const std::uint16_t spare_port = port_of(spare.borrow());
  spare.reset();
  Address address;
  address.host = "127.0.0.1";
  address.port = spare_port;
  host->send(control::Granted{kUnit, 1, address});
  EXPECT_TRUE(until([&] { return host->count<control::Unreachable>() == 1; }));
  unit = *os::listen_on(address);
  pass(Milliseconds(300));

  EXPECT_TRUE(gets(accept(), "GET "));
}

TEST_F(LeaseTest, TellsItsUsageAtMostOnceASecond) {
  configure();
  serve_one();
  pass(Milliseconds(1'300));

  ASSERT_EQ(host->count<control::Usage>(), 1U);
  EXPECT_EQ(host->last<control::Usage>().requests, 1U);
  EXPECT_EQ(host->last<control::Usage>().in_flight, 0U);
  pass(Milliseconds(5'000));
  EXPECT_EQ(host->count<control::Usage>(), 1U);
}

TEST_F(LeaseTest, SaysNothingToPid1AboutRequestsForAUnitThatIsUpButItsUsageOnceASecond) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  grant();
  TestPeer& backend = accept();
  const std::size_t before = host->received.size();
  for (int second = 0; second < 5; ++second) {
    for (int i = 0; i < 40; ++i) {
      gets(backend, "\r\n\r\n");
      send(backend, kOk);
      gets(client, "ok");
      send(client, kGet);
    }
    pass(Milliseconds(1'000));
  }

  EXPECT_EQ(host->count<control::Acquire>(), 1U);
  EXPECT_LE(host->received.size() - before, 5U);
  EXPECT_EQ(host->last<control::Usage>().requests, 200U);
}

TEST_F(LeaseTest, GivesBackWhatAReloadNoLongerNames) {
  configure();
  serve_one();
  config.backends.clear();
  config.tenants.clear();
  configure();

  EXPECT_TRUE(until([&] { return host->count<control::Returned>() == 1; }));
}

TEST_F(LeaseTest, FinishesARequestUnderTheRouteItStartedWith) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  config.backends.clear();
  config.tenants.clear();
  configure();
  EXPECT_EQ(host->count<control::Returned>(), 0U);
  send(backend, kOk);

  EXPECT_TRUE(gets(client, "ok"));
  EXPECT_TRUE(until([&] { return host->count<control::Returned>() == 1; }));
}

TEST_F(LeaseTest, GivesBackAGrantThatNobodyKnows) {
  configure();
  host->send(control::Granted{"tenant@nobody", 5, unit_address()});

  EXPECT_TRUE(until([&] { return host->count<control::Returned>() == 1; }));
}

}  // namespace
}  // namespace berth::proxy
