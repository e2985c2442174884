// Which tenant starts next, and which one makes room for it.
#include "tests/init/leases_site.h"

namespace berth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StartQueueTest : public LeasesTest {
 protected:
  /// Several in one turn, as a burst of requests brings them.
  void acquire_all(const Words& names) {
    for (const std::string& name : names)
      web_.say(control::Acquire{name});
    turn();
  }
  void use(const UnitRuntime& unit, std::uint32_t in_flight) {
    web_.say(control::Usage{unit.name(), unit.life.epoch, in_flight, 1, Milliseconds(0)});
    turn();
  }
  void say_busy(const UnitRuntime& unit) {
    web_.say(control::Busy{unit.name(), unit.life.epoch});
    turn();
  }
};

TEST_F(StartQueueTest, StartsAtMostMaxStartingAtOnceInOrderOfArrival) {
  leases_.set_limits(0, 2);
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  UnitRuntime& c = tenant("tenant@c");
  UnitRuntime& d = tenant("tenant@d");
  UnitRuntime& e = tenant("tenant@e");

  acquire_all({"tenant@e", "tenant@c", "tenant@a", "tenant@d", "tenant@b"});
  EXPECT_EQ((Words{"up tenant@e", "up tenant@c"}), requests_.take());
  start(c);
  EXPECT_EQ(Words{"up tenant@a"}, requests_.take());
  start(a);
  EXPECT_EQ(Words{"up tenant@d"}, requests_.take());
  fail_to_start(e, "no");
  EXPECT_EQ(Words{"up tenant@b"}, requests_.take());
  start(d);
  start(b);

  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(StartQueueTest, ForgetsNoneOfTwentyThatComeAtOnce) {
  leases_.set_limits(0, 3);
  std::vector<UnitRuntime*> units;
  Words names, granted;
  for (char name = 'a'; name < 'a' + 20; ++name) {
    units.push_back(&tenant(std::string("tenant@") + name));
    names.push_back(units.back()->name());
    granted.push_back("granted " + names.back() + ", life " + std::to_string(units.size()) +
                      ", at unix:/run/" + names.back());
  }

  acquire_all(names);
  for (UnitRuntime* unit : units) {
    EXPECT_TRUE(unit->wanted_up) << unit->name();
    start(*unit);
  }

  EXPECT_EQ(granted, web_.heard());
}

TEST_F(StartQueueTest, CountsTheProcessorsWhereNoLimitIsGiven) {
  leases_.set_limits(0, 0);
  for (const char* name : {"tenant@a", "tenant@b", "tenant@c"})
    tenant(name);

  acquire_all({"tenant@a", "tenant@b", "tenant@c"});

  EXPECT_EQ((Words{"up tenant@a", "up tenant@b"}), requests_.take());
}

TEST_F(StartQueueTest, LetsATenantOfAnotherTemplatePassOneThatWaitsForItsSiblings) {
  leases_.set_limits(0, 10);
  for (const char* name : {"slow@a", "slow@b", "fast@a"})
    tenant(name).unit.tenant->max_starting = name[0] == 's' ? 1 : 0;

  acquire_all({"slow@a", "slow@b", "fast@a"});
  EXPECT_EQ((Words{"up slow@a", "up fast@a"}), requests_.take());
  start(*table_.find("slow@a"));

  EXPECT_EQ(Words{"up slow@b"}, requests_.take());
}

TEST_F(StartQueueTest, StopsTheLeastRecentlyUsedOneWhereThereIsNoRoom) {
  leases_.set_limits(2, 2);
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  UnitRuntime& c = tenant("tenant@c");
  start_leased(a, web_);
  pass(seconds(1));
  start_leased(b, web_);
  pass(seconds(1));

  acquire(web_, c);
  EXPECT_EQ(Words{"revoke tenant@a, life 1"}, web_.heard());
  EXPECT_EQ(Words{}, requests_.take());
  give_back(web_, a, seconds(2));
  EXPECT_EQ(Words{"down tenant@a: makes room for tenant@c"}, requests_.take());
  come_to_rest(a);

  EXPECT_EQ(Words{"up tenant@c"}, requests_.take());
}

TEST_F(StartQueueTest, StopsOneThatNobodyHoldsWithoutAsking) {
  leases_.set_limits(1, 2);
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  start_leased(a, web_);
  give_back(web_, a, seconds(1));

  acquire(web_, b);

  EXPECT_EQ(Words{"down tenant@a: makes room for tenant@b"}, requests_.take());
}

TEST_F(StartQueueTest, NeverStartsMoreThanThereIsRoomForInOneTurn) {
  leases_.set_limits(2, 10);
  for (const char* name : {"tenant@a", "tenant@b", "tenant@c"})
    tenant(name);

  acquire_all({"tenant@a", "tenant@b", "tenant@c"});

  EXPECT_EQ((Words{"up tenant@a", "up tenant@b"}), requests_.take());
}

TEST_F(StartQueueTest, StopsOnlyOneForEachThatWantsRoom) {
  leases_.set_limits(2, 2);
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  tenant("tenant@c");
  tenant("tenant@d");
  start(a);
  pass(milliseconds(1));
  start(b);

  acquire_all({"tenant@c", "tenant@d"});
  EXPECT_EQ(Words{"down tenant@a: makes room for tenant@c"}, requests_.take());
  come_to_rest(a);

  EXPECT_EQ((Words{"up tenant@c", "down tenant@b: makes room for tenant@d"}), requests_.take());
}

TEST_F(StartQueueTest, AsksTheNextOneWhenTheFirstIsBusy) {
  leases_.set_limits(2, 2);
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  UnitRuntime& c = tenant("tenant@c");
  start_leased(a, web_);
  pass(seconds(1));
  start_leased(b, web_);
  pass(seconds(1));
  acquire(web_, c);
  web_.heard();

  say_busy(a);
  EXPECT_EQ(Words{"revoke tenant@b, life 2"}, web_.heard());
  give_back(web_, b, seconds(1));

  EXPECT_EQ(Words{"down tenant@b: makes room for tenant@c"}, requests_.take());
}

TEST_F(StartQueueTest, AsksABusyOneAgainAfterASecond) {
  leases_.set_limits(1, 2);
  UnitRuntime& a = tenant("tenant@a");
  start_leased(a, web_);
  acquire(web_, tenant("tenant@b"));
  say_busy(a);
  web_.heard();

  for (int i = 0; i < 3; ++i)
    pass(milliseconds(250));
  EXPECT_EQ(Words{}, web_.heard());
  pass(milliseconds(250));

  EXPECT_EQ(Words{"revoke tenant@a, life 1"}, web_.heard());
}

TEST_F(StartQueueTest, LeavesOneWithRequestsInFlightAlone) {
  leases_.set_limits(2, 2);
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  start_leased(a, web_);
  pass(seconds(1));
  start_leased(b, web_);
  use(a, 1);

  acquire(web_, tenant("tenant@c"));

  EXPECT_EQ(Words{"revoke tenant@b, life 2"}, web_.heard());
}

TEST_F(StartQueueTest, VacatesAUnitOnceItsHoldersHaveGivenItUp) {
  UnitRuntime& a = tenant("tenant@a");
  start_leased(a, web_);
  int vacated = 0;

  leases_.vacate(a, [&] { ++vacated; });
  leases_.vacate(a, [&] { ++vacated; });  // asked already
  turn();

  EXPECT_EQ(web_.heard(), Words{"revoke tenant@a, life 1"});
  EXPECT_EQ(vacated, 0);

  give_back(web_, a, Milliseconds(0));
  EXPECT_EQ(vacated, 1);

  leases_.vacate(a, [&] { ++vacated; });  // nobody to ask
  EXPECT_EQ(vacated, 2);
}

TEST_F(StartQueueTest, DoesNotVacateABusyUnit) {
  UnitRuntime& a = tenant("tenant@a");
  start_leased(a, web_);
  int vacated = 0;
  leases_.vacate(a, [&] { ++vacated; });
  turn();
  web_.heard();

  say_busy(a);
  give_back(web_, a, Milliseconds(0));
  EXPECT_EQ(vacated, 0);
}

TEST_F(StartQueueTest, LeavesAPinnedOneAlone) {
  leases_.set_limits(1, 2);
  UnitRuntime& a = tenant("tenant@a");
  a.pinned = true;
  start(a);

  acquire(web_, tenant("tenant@b"));
  pass(seconds(10));

  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(StartQueueTest, ReplacesAProxyThatThreeTimesDoesNotAnswer) {
  leases_.set_limits(3, 2);
  for (const char* name : {"tenant@a", "tenant@b", "tenant@c"})
    start_leased(tenant(name), web_);

  acquire(web_, tenant("tenant@d"));
  for (int i = 0; i < 2; ++i)
    pass(seconds(1));
  EXPECT_EQ(Words{}, replaced_);
  EXPECT_EQ(3U, web_.heard().size());
  pass(seconds(1));

  EXPECT_EQ(Words{"web"}, replaced_);
}

TEST_F(StartQueueTest, CountsUnansweredQuestionsInARowOnly) {
  leases_.set_limits(1, 2);
  UnitRuntime& a = tenant("tenant@a");
  start_leased(a, web_);
  acquire(web_, tenant("tenant@b"));
  const auto wait_for_the_next_question = [this] {
    while (web_.heard().empty())
      pass(milliseconds(250));
  };
  wait_for_the_next_question();

  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 2; ++i) {
      pass(seconds(1));
      wait_for_the_next_question();
    }
    say_busy(a);
    wait_for_the_next_question();
  }

  EXPECT_EQ(Words{}, replaced_);
}

TEST_F(StartQueueTest, ForgetsWhomToMakeRoomForWhenTheQuestionWasNotAnswered) {
  leases_.set_limits(1, 2);
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  a.unit.tenant->idle_timeout = Milliseconds(0);
  start_leased(a, web_);
  acquire(web_, b);
  pass(seconds(1));
  leases_.set_limits(2, 2);
  pass(milliseconds(250));
  ASSERT_EQ(Words{"up tenant@b"}, requests_.take());

  give_back(web_, a, seconds(0));

  EXPECT_EQ(Words{}, requests_.take());
}

TEST_F(StartQueueTest, StopsOnlyASiblingWhereTheTemplateIsFull) {
  leases_.set_limits(0, 4);
  UnitRuntime& other = tenant("other@a");
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  a.unit.tenant->max_running = b.unit.tenant->max_running = 1;
  start(other);
  pass(seconds(1));
  start(a);

  acquire(web_, b);

  EXPECT_EQ(Words{"down tenant@a: makes room for tenant@b"}, requests_.take());
}

TEST_F(StartQueueTest, StopsOneOfAnotherTemplateWhereAllAreFullAndItsOwnIsNot) {
  leases_.set_limits(1, 4);
  UnitRuntime& other = tenant("other@a");
  UnitRuntime& a = tenant("tenant@a");
  a.unit.tenant->max_running = 3;
  start(other);
  pass(seconds(1));

  acquire(web_, a);

  EXPECT_EQ(Words{"down other@a: makes room for tenant@a"}, requests_.take());
}

TEST_F(StartQueueTest, IsNotHeldUpByATemplateThatStaysFull) {
  leases_.set_limits(0, 4);
  UnitRuntime& a = tenant("full@a");
  UnitRuntime& b = tenant("full@b");
  a.unit.tenant->max_running = b.unit.tenant->max_running = 1;
  start_leased(a, web_);
  use(a, 1);

  acquire(web_, b);
  acquire(web_, tenant("free@a"));

  EXPECT_EQ(Words{"up free@a"}, requests_.take());
}

TEST_F(StartQueueTest, DoesNotStartWhatAReloadHasRemovedMeanwhile) {
  leases_.set_limits(0, 1);
  UnitRuntime& a = tenant("tenant@a");
  UnitRuntime& b = tenant("tenant@b");
  acquire_all({"tenant@a", "tenant@b"});
  requests_.take();

  b.removed = true;
  start(a);

  EXPECT_EQ(Words{}, requests_.take());
  EXPECT_EQ((Words{"refused tenant@b for 250ms: no such unit",
                   "granted tenant@a, life 1, at unix:/run/tenant@a"}),
            web_.heard());
}

}  // namespace
}  // namespace berth
