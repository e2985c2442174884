// What a lease that nobody needs any more leads to, and one that could not be had.
#include "tests/init/leases_site.h"

namespace berth {
namespace {

using std::chrono::seconds;

// --- idleness

TEST_F(LeasesTest, ReturnedAfterTheIdleTimeoutStopTheTenant) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);

  give_back(web_, boston, seconds(300));

  EXPECT_EQ(Words{"down tenant@boston: idle for 5m"}, requests_.take());
}

TEST_F(LeasesTest, ReturnedBeforeTheIdleTimeoutStopTheTenantWhenItIsOver) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);
  give_back(web_, boston, seconds(100));

  pass(std::chrono::milliseconds(199'999));
  EXPECT_EQ(Words{}, requests_.take());
  pass(std::chrono::milliseconds(1));

  EXPECT_EQ(Words{"down tenant@boston: idle for 5m"}, requests_.take());
}

TEST_F(LeasesTest, AskedForAgainEndTheIdleness) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);
  give_back(web_, boston, seconds(100));
  acquire(web_, boston);

  pass(seconds(600));

  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, OfAnotherProxyKeepTheTenant) {
  UnitRuntime& boston = tenant("tenant@boston");
  FakeProxy second(links_, "second");
  acquire(second, boston);
  start_leased(boston, web_);

  give_back(web_, boston, seconds(300));
  EXPECT_EQ(Words{}, requests_.take());
  give_back(second, boston, seconds(300));

  EXPECT_EQ(Words{"down tenant@boston: idle for 5m"}, requests_.take());
}

TEST_F(LeasesTest, ReturnedLeaveAPinnedTenantUp) {
  UnitRuntime& boston = tenant("tenant@boston");
  boston.pinned = true;
  start_leased(boston, web_);

  give_back(web_, boston, seconds(300));
  pass(seconds(600));

  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, ReturnedLeaveATenantWithoutIdleTimeoutUp) {
  UnitRuntime& boston = tenant("tenant@boston");
  boston.unit.tenant->idle_timeout = Milliseconds(0);
  start_leased(boston, web_);

  give_back(web_, boston, seconds(300));
  pass(seconds(600));

  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, ReturnedLeaveAServiceUp) {
  UnitRuntime& cable = service("cable");
  cable.wanted_up = true;
  start_leased(cable, web_);

  give_back(web_, cable, seconds(300));
  pass(seconds(600));

  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, ThatNobodyEverWantedLetTheTenantGoIdleToo) {
  UnitRuntime& boston = tenant("tenant@boston");
  start(boston);

  pass(seconds(300));

  EXPECT_EQ(Words{"down tenant@boston: idle for 5m"}, requests_.take());
}

TEST_F(LeasesTest, OfAProxyThatIsGoneAreReturned) {
  UnitRuntime& boston = tenant("tenant@boston");
  UnitRuntime& raleigh = tenant("tenant@raleigh");
  start_leased(boston, web_);
  start_leased(raleigh, web_);

  web_.hang_up();
  turn();
  EXPECT_FALSE(leases_.held(boston));
  EXPECT_FALSE(leases_.held(raleigh));
  pass(seconds(300));

  EXPECT_EQ((Words{"down tenant@boston: idle for 5m", "down tenant@raleigh: idle for 5m"}),
            requests_.take());
}

// --- failures

TEST_F(LeasesTest, AreRefusedWhenTheStartFailsWithTheReasonForTheLog) {
  UnitRuntime& boston = tenant("tenant@boston");
  acquire(web_, boston);
  requests_.take();

  fail_to_start(boston, "exit status 1");

  EXPECT_EQ(Words{"refused tenant@boston for 100ms: exit status 1"}, web_.heard());
}

TEST_F(LeasesTest, AreRefusedWithinTheBackOffAndTheFirstOneAfterItStartsAgain) {
  UnitRuntime& boston = tenant("tenant@boston");
  acquire(web_, boston);
  fail_to_start(boston, "exit status 1");
  requests_.take();
  web_.heard();

  pass(std::chrono::milliseconds(60));
  acquire(web_, boston);
  EXPECT_EQ(Words{"refused tenant@boston for 40ms: exit status 1"}, web_.heard());
  EXPECT_EQ(Words{}, requests_.take());

  pass(std::chrono::milliseconds(40));
  acquire(web_, boston);
  EXPECT_EQ(Words{"up tenant@boston"}, requests_.take());
}

TEST_F(LeasesTest, AreRefusedForTwiceAsLongAfterEachFailureInARow) {
  UnitRuntime& boston = tenant("tenant@boston");
  Words refusals;
  for (int i = 0; i < 12; ++i) {
    acquire(web_, boston);
    fail_to_start(boston, "no");
    for (const std::string& word : web_.heard())
      refusals.push_back(word);
    pass(seconds(30));
  }

  EXPECT_EQ((Words{
                "refused tenant@boston for 100ms: no",
                "refused tenant@boston for 200ms: no",
                "refused tenant@boston for 400ms: no",
                "refused tenant@boston for 800ms: no",
                "refused tenant@boston for 1s600ms: no",
                "refused tenant@boston for 3s200ms: no",
                "refused tenant@boston for 6s400ms: no",
                "refused tenant@boston for 12s800ms: no",
                "refused tenant@boston for 25s600ms: no",
                "refused tenant@boston for 30s: no",
                "refused tenant@boston for 30s: no",
                "refused tenant@boston for 30s: no",
            }),
            refusals);
}

TEST_F(LeasesTest, ForgetFailuresOnceTheTenantIsUp) {
  UnitRuntime& boston = tenant("tenant@boston");
  for (int i = 0; i < 3; ++i) {
    acquire(web_, boston);
    fail_to_start(boston, "no");
    pass(seconds(30));
  }
  start(boston);
  fail(boston, "crashed");
  web_.heard();

  acquire(web_, boston);
  fail_to_start(boston, "no");

  EXPECT_EQ(Words{"refused tenant@boston for 100ms: no"}, web_.heard());
}

}  // namespace
}  // namespace berth
