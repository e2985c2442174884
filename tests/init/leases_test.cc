// Who may send requests to which unit, and until when.
#include "init/leases.h"

#include "tests/init/leases_site.h"

namespace berth {
namespace {

using std::chrono::seconds;

TEST_F(LeasesTest, AreGrantedOnceATenantIsUp) {
  UnitRuntime& boston = tenant("tenant@boston");

  acquire(web_, boston);
  EXPECT_EQ(Words{"up tenant@boston"}, requests_.take());
  EXPECT_EQ(Words{}, web_.heard());

  start(boston);
  EXPECT_EQ(Words{"granted tenant@boston, life 1, at unix:/run/tenant@boston"}, web_.heard());
  EXPECT_TRUE(leases_.held(boston));
}

TEST_F(LeasesTest, OfAUnitThatIsUpAreGrantedAtOnce) {
  UnitRuntime& boston = tenant("tenant@boston");
  start(boston);

  acquire(web_, boston);

  EXPECT_EQ(Words{"granted tenant@boston, life 1, at unix:/run/tenant@boston"}, web_.heard());
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, AreGrantedToEveryProxyThatWaitsAndToNoOther) {
  UnitRuntime& boston = tenant("tenant@boston");
  FakeProxy second(links_, "second");
  FakeProxy third(links_, "third");

  acquire(web_, boston);
  acquire(second, boston);
  start(boston);

  EXPECT_EQ(1U, web_.heard().size());
  EXPECT_EQ(1U, second.heard().size());
  EXPECT_EQ(Words{}, third.heard());
  EXPECT_EQ(Words{"up tenant@boston"}, requests_.take());
}

TEST_F(LeasesTest, OfAnUnknownUnitAreRefused) {
  web_.say(control::Acquire{"tenant@nobody"});
  turn();

  EXPECT_EQ(Words{"refused tenant@nobody for 5s: no such unit"}, web_.heard());
}

TEST_F(LeasesTest, OfARemovedUnitAreRefused) {
  UnitRuntime& boston = tenant("tenant@boston");
  boston.removed = true;

  acquire(web_, boston);

  EXPECT_EQ(Words{"refused tenant@boston for 5s: no such unit"}, web_.heard());
}

TEST_F(LeasesTest, AreRefusedWhenManagerRefusesTheStart) {
  UnitRuntime& boston = tenant("tenant@boston");
  requests_.refuse_with({ErrorCode::unavailable, "not now"});

  acquire(web_, boston);

  EXPECT_EQ(Words{"refused tenant@boston for 250ms: not now"}, web_.heard());
}

TEST_F(LeasesTest, EndAtOnceWithACrash) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);

  become(boston, UnitState::cleaning);

  EXPECT_EQ(Words{"ending tenant@boston, life 1, within 0s"}, web_.heard());
  EXPECT_FALSE(leases_.held(boston));
}

TEST_F(LeasesTest, AreCalledBackFromATenantThatStopsWithoutBeingAskedTo) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);

  become(boston, UnitState::stopping);

  EXPECT_EQ(Words{"ending tenant@boston, life 1, within 10s"}, web_.heard());
  EXPECT_TRUE(leases_.held(boston)) << "what is in flight may end well";
}

TEST_F(LeasesTest, OfACrashedTenantAreGrantedForItsNextLife) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);
  fail(boston, "killed by SIGSEGV");
  web_.heard();

  acquire(web_, boston);
  start(boston);

  EXPECT_EQ(Words{"up tenant@boston"}, requests_.take());
  EXPECT_EQ(Words{"granted tenant@boston, life 2, at unix:/run/tenant@boston"}, web_.heard());
}

TEST_F(LeasesTest, WantedWhileACrashIsCleanedUpStartTheNextLife) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);
  become(boston, UnitState::cleaning);
  web_.heard();

  acquire(web_, boston);
  EXPECT_EQ(Words{}, requests_.take());
  boston.wanted_up = false;
  become(boston, UnitState::failed);

  EXPECT_EQ(Words{"up tenant@boston"}, requests_.take());
  EXPECT_EQ(Words{}, web_.heard());
}

TEST_F(LeasesTest, WantedWhileATenantEndsByItselfStartTheNextLife) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);
  become(boston, UnitState::cleaning);
  web_.heard();

  acquire(web_, boston);
  boston.wanted_up = false;
  become(boston, UnitState::exited);

  EXPECT_EQ(Words{"up tenant@boston"}, requests_.take());
  EXPECT_EQ(Words{}, web_.heard());
}

TEST_F(LeasesTest, IgnoreWhatConcernsAnEarlierLife) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);
  fail(boston, "exit status 1");
  start_leased(boston, web_);
  ASSERT_EQ(2U, boston.life.epoch);

  web_.say(control::Usage{"tenant@boston", 1, 7, 70, Milliseconds(0)});
  web_.say(control::Busy{"tenant@boston", 1});
  web_.say(control::Unreachable{"tenant@boston", 1});
  web_.say(control::Returned{"tenant@boston", 1, Milliseconds(300'000), 80});
  turn();

  EXPECT_TRUE(leases_.held(boston));
  EXPECT_EQ(0U, leases_.usage_of(boston).in_flight);
  EXPECT_EQ(Words{}, requests_.take());
  EXPECT_EQ(Words{}, web_.heard());
}

TEST_F(LeasesTest, TellHowAUnitIsUsedOverAllProxies) {
  UnitRuntime& boston = tenant("tenant@boston");
  FakeProxy second(links_, "second");
  acquire(second, boston);
  start_leased(boston, web_);

  web_.say(control::Usage{"tenant@boston", 1, 2, 10, Milliseconds(0)});
  second.say(control::Usage{"tenant@boston", 1, 3, 20, Milliseconds(0)});
  turn();

  EXPECT_EQ(5U, leases_.usage_of(boston).in_flight);
  EXPECT_EQ(30U, leases_.usage_of(boston).requests);

  web_.say(control::Usage{"tenant@boston", 1, 0, 12, Milliseconds(2'000)});
  second.say(control::Returned{"tenant@boston", 1, Milliseconds(1'000), 21});
  turn();

  EXPECT_EQ(0U, leases_.usage_of(boston).in_flight);
  EXPECT_EQ(33U, leases_.usage_of(boston).requests);
  EXPECT_EQ(Milliseconds(1'000), leases_.usage_of(boston).idle_for);
}

// --- before a stop

TEST_F(LeasesTest, AreLetGoAtOnceWhenNobodyHoldsOne) {
  UnitRuntime& boston = tenant("tenant@boston");
  start(boston);
  bool free = false;

  leases_.let_go(boston, seconds(10), [&] { free = true; });

  EXPECT_TRUE(free);
}

TEST_F(LeasesTest, AreLetGoWhenTheLastHolderHasReturnedIts) {
  UnitRuntime& boston = tenant("tenant@boston");
  FakeProxy second(links_, "second");
  acquire(second, boston);
  start_leased(boston, web_);
  second.heard();
  bool free = false;

  boston.stop_pending = true;
  leases_.let_go(boston, seconds(10), [&] { free = true; });
  EXPECT_EQ(Words{"ending tenant@boston, life 1, within 10s"}, web_.heard());
  EXPECT_EQ(Words{"ending tenant@boston, life 1, within 10s"}, second.heard());
  give_back(web_, boston, Milliseconds(0));
  EXPECT_FALSE(free);
  give_back(second, boston, Milliseconds(0));

  EXPECT_TRUE(free);
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, AreLetGoAtTheEndOfTheGrace) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);
  int freed = 0;
  leases_.let_go(boston, seconds(10), [&] { ++freed; });

  pass(std::chrono::milliseconds(9'999));
  EXPECT_EQ(0, freed);
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(1, freed);
  give_back(web_, boston, Milliseconds(0));

  EXPECT_EQ(1, freed);
  EXPECT_FALSE(leases_.held(boston));
}

TEST_F(LeasesTest, AreLetGoWhenTheHolderIsGone) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);
  bool free = false;
  leases_.let_go(boston, seconds(10), [&] { free = true; });

  web_.hang_up();
  turn();

  EXPECT_TRUE(free);
}

TEST_F(LeasesTest, WantedDuringAStopAreGrantedForTheNextLife) {
  UnitRuntime& boston = tenant("tenant@boston");
  FakeProxy second(links_, "second");
  start_leased(boston, web_);
  bool free = false;
  boston.life.stop_requested = true;
  leases_.let_go(boston, seconds(10), [&] { free = true; });
  web_.heard();

  acquire(second, boston);
  give_back(web_, boston, Milliseconds(0));
  ASSERT_TRUE(free);
  come_to_rest(boston);
  EXPECT_EQ(Words{}, second.heard());
  start(boston);

  EXPECT_EQ(Words{"up tenant@boston"}, requests_.take());
  EXPECT_EQ(Words{"granted tenant@boston, life 2, at unix:/run/tenant@boston"}, second.heard());
}

// --- services

TEST_F(LeasesTest, OfAServiceThatStartsAreGrantedWhenItIsUp) {
  UnitRuntime& cable = service("cable");
  cable.wanted_up = true;
  cable.state = UnitState::starting;

  acquire(web_, cable);
  EXPECT_EQ(Words{}, web_.heard());
  start(cable);

  EXPECT_EQ(Words{"granted cable, life 1, at unix:/run/cable"}, web_.heard());
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, OfAServiceThatIsDownAreRefused) {
  UnitRuntime& cable = service("cable");
  cable.state = UnitState::failed;

  acquire(web_, cable);

  EXPECT_EQ(Words{"refused cable for 1s: it is failed"}, web_.heard());
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, OfAUnitThatStartsByHandAreRefusedWhileItIsDown) {
  UnitRuntime& boston = tenant("tenant@boston");
  boston.unit.info.start = StartWhen::manual;

  acquire(web_, boston);

  EXPECT_EQ(Words{"refused tenant@boston for 5s: it is started by hand only"}, web_.heard());
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, OfATenantThatIsSkippedAreRefusedAndStartItNoMore) {
  UnitRuntime& boston = tenant("tenant@boston");
  acquire(web_, boston);
  EXPECT_EQ(Words{"up tenant@boston"}, requests_.take());
  boston.reason = "/data is not there";
  boston.wanted_up = false;

  become(boston, UnitState::skipped);

  EXPECT_EQ(Words{"refused tenant@boston for 5s: /data is not there"}, web_.heard());
  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(LeasesTest, OfAServiceThatStopsAreRefusedWhenItHasStopped) {
  UnitRuntime& cable = service("cable");
  cable.state = UnitState::stopping;

  acquire(web_, cable);
  EXPECT_EQ(Words{}, web_.heard());
  come_to_rest(cable);

  EXPECT_EQ(Words{"refused cable for 1s: it is inactive"}, web_.heard());
}

TEST_F(LeasesTest, StartAServiceThatIsToStartOnDemand) {
  UnitRuntime& cable = service("cable");
  cable.unit.info.start = StartWhen::demand;

  acquire(web_, cable);
  start(cable);

  EXPECT_EQ(Words{"up cable"}, requests_.take());
  EXPECT_EQ(Words{"granted cable, life 1, at unix:/run/cable"}, web_.heard());
}

// --- the end

TEST_F(LeasesTest, AreNoLongerGrantedInAShutdown) {
  UnitRuntime& boston = tenant("tenant@boston");
  UnitRuntime& raleigh = tenant("tenant@raleigh");
  start(raleigh);
  acquire(web_, boston);
  web_.heard();

  leases_.shut_down();
  acquire(web_, raleigh);

  EXPECT_EQ((Words{"shutting down", "refused tenant@boston for 5s: berth is shutting down",
                   "refused tenant@raleigh for 5s: berth is shutting down"}),
            web_.heard());
}

TEST_F(LeasesTest, OfAUnitThatIsForgottenAreRefusedToWhoWaits) {
  UnitRuntime& boston = tenant("tenant@boston");
  acquire(web_, boston);

  leases_.forget(boston);

  EXPECT_EQ(Words{"refused tenant@boston for 5s: no such unit"}, web_.heard());
}

TEST_F(LeasesTest, TellWhenAProxyHasItsRoutes) {
  web_.say(control::Configured{1});
  turn();

  EXPECT_EQ(Words{"web"}, configured_);
}

}  // namespace
}  // namespace berth
