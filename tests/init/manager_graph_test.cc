// What Manager decides by conflicts, part_of and on_failure, and what a skipped unit is to others.
#include "tests/init/manager_site.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

// --- conflicts

TEST_F(ManagerTest, StopsWhatIsInConflictBeforeAUnitStarts) {
  UnitRuntime& green = add("green");
  UnitRuntime& blue = add("blue");
  blue.unit.info.conflicts = {"green"};
  set_order();
  start(green);
  actions_.take();
  actions_.hold(green, Step::terminate);

  start(blue);
  EXPECT_EQ(Words{"terminate green"}, actions_.take());
  EXPECT_EQ("green (stopping)", manager_.waits_for(blue));
  exits(green, 0);

  EXPECT_EQ((Words{"clean green", "prepare blue", "spawn blue", "announce blue"}), actions_.take());
  EXPECT_EQ(kInactive, green.state);
}

TEST_F(ManagerTest, StopsAUnitWhenOneThatItIsInConflictWithStarts) {
  UnitRuntime& green = add("green");
  UnitRuntime& blue = add("blue");
  blue.unit.info.conflicts = {"green"};
  set_order();
  start(blue);

  start(green);

  EXPECT_EQ(kRunning, green.state);
  EXPECT_EQ(kInactive, blue.state);
}

TEST_F(ManagerTest, LetsTheLastOfTwoStartsInConflictCount) {
  UnitRuntime& green = add("green");
  UnitRuntime& blue = add("blue");
  blue.unit.info.conflicts = {"green"};
  set_order();

  ASSERT_TRUE(manager_.start(blue).has_value());
  ASSERT_TRUE(manager_.start(green).has_value());
  manager_.drain();
  EXPECT_EQ(kRunning, green.state);
  EXPECT_EQ(kInactive, blue.state);

  actions_.hold(green, Step::terminate);
  start(blue);
  ASSERT_EQ(UnitState::waiting, blue.state);
  start(green);
  exits(green, 0);

  EXPECT_EQ(kRunning, green.state);
  EXPECT_EQ(kInactive, blue.state);
}

TEST_F(ManagerTest, StopsWhatRequiresAUnitInConflictBeforeIt) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& repair = add("repair");
  repair.unit.info.conflicts = {"redis"};
  set_order();
  start(app);
  actions_.take();

  start(repair);
  EXPECT_EQ((Words{"terminate app", "clean app", "terminate redis", "clean redis", "prepare repair",
                   "spawn repair", "announce repair"}),
            actions_.take());
  start(redis);

  EXPECT_EQ(kInactive, repair.state);
  EXPECT_EQ(kRunning, app.state) << "it stopped with redis";
}

TEST_F(ManagerTest, KeepsDownWhatIsInConflictWhenWhatItStoppedWithComesBack) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add("page");
  page.unit.info.conflicts = {"app"};
  set_order();
  start(app);
  stop(redis);
  start(page);

  start(redis);

  EXPECT_EQ(kRunning, page.state);
  EXPECT_EQ(kInactive, app.state);
}

TEST_F(ManagerTest, StartsNotWhileAUnitInConflictBacksOff) {
  UnitRuntime& green = add("green");
  UnitRuntime& blue = add("blue");
  blue.unit.info.conflicts = {"green"};
  set_order();
  start(green);
  exits(green, 1);
  ASSERT_EQ(UnitState::backoff, green.state);

  start(blue);
  pass(std::chrono::seconds(60));

  EXPECT_EQ(kRunning, blue.state);
  EXPECT_EQ(kInactive, green.state);
}

TEST_F(ManagerTest, RestartsAUnitAlthoughAReloadHasBroughtAConflict) {
  UnitRuntime& green = add("green");
  UnitRuntime& blue = add("blue");
  set_order();
  start(green);
  start(blue);
  blue.unit.info.conflicts = {"green"};
  set_order();

  restart(blue);

  EXPECT_EQ(kRunning, blue.state);
  EXPECT_EQ(kInactive, green.state);
}

TEST_F(ManagerTest, StartsNothingThatIsStoppedBeforeItsTurn) {
  UnitRuntime& redis = add("redis");
  set_order();

  ASSERT_TRUE(manager_.start(redis).has_value());
  manager_.stop(redis);
  manager_.drain();

  EXPECT_EQ(kInactive, redis.state);
  EXPECT_EQ(Words{}, actions_.take());
}

// --- starts that are taken back

TEST_F(ManagerTest, TellsThatAStartWasTakenBackBeforeItsTurn) {
  UnitRuntime& redis = add("redis");
  set_order();
  Words told;
  manager_.set_observer([&](UnitRuntime& unit) {
    told.push_back(unit.name() + (unit.wanted_up ? " wanted" : " not wanted"));
  });

  ASSERT_TRUE(manager_.start(redis).has_value());
  manager_.stop(redis);
  manager_.stop(redis);

  EXPECT_EQ(Words{"redis not wanted"}, told);
}

TEST_F(ManagerTest, StopsNothingInConflictForAStartThatWasTakenBackDuringABackOff) {
  UnitRuntime& green = add("green");
  UnitRuntime& blue = add("blue");
  set_order();
  start(green);
  start(blue);
  exits(green, 1);
  ASSERT_EQ(UnitState::backoff, green.state);
  green.unit.info.conflicts = {"blue"};

  ASSERT_TRUE(manager_.start(green).has_value());
  manager_.stop(green);
  set_order();
  manager_.drain();

  EXPECT_EQ(kInactive, green.state);
  EXPECT_EQ(kRunning, blue.state);
}

TEST_F(ManagerTest, StartsAfterAStartThatWasTakenBack) {
  UnitRuntime& redis = add("redis");
  set_order();

  ASSERT_TRUE(manager_.start(redis).has_value());
  manager_.stop(redis);
  start(redis);

  EXPECT_EQ((Words{"prepare redis", "spawn redis", "announce redis"}), actions_.take());
}

TEST_F(ManagerTest, GoesOnWithoutAWantedUnitWhoseStartWasTakenBack) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& slow = add("slow");
  UnitRuntime& page = add("page");
  page.unit.info.wants = {"redis", "slow"};
  set_order();
  actions_.hold(slow, Step::spawn);
  start(page);
  stop(redis);
  manager_.set_observer([&](UnitRuntime& unit) {
    if (&unit == &slow)
      manager_.stop(redis);
  });

  actions_.ready(slow);
  ASSERT_TRUE(manager_.start(redis).has_value());
  manager_.drain();

  EXPECT_EQ(kInactive, redis.state);
  EXPECT_EQ(kRunning, page.state);
}

TEST_F(ManagerTest, TellsWhoWaitsForTheNextLifeOfAUnitThatItStaysUpAfterAll) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add("page");
  page.unit.info.wants = {"redis"};
  set_order();
  start(app);
  actions_.hold(app, Step::terminate);
  stop(app);
  restart(redis);
  start(page);
  ASSERT_EQ("redis (running)", manager_.waits_for(page));
  stop(redis);

  start(redis);

  EXPECT_EQ(kRunning, redis.state);
  EXPECT_EQ(kRunning, page.state);
}

TEST_F(ManagerTest, KeepsWhatAStartPullsInAlthoughItsWholeStopsForThatStart) {
  UnitRuntime& whole = add("whole");
  UnitRuntime& part = add("part");
  UnitRuntime& other = add("other");
  UnitRuntime& app = add_requiring("app", "part");
  part.unit.info.part_of = {"whole"};
  other.unit.info.conflicts = {"whole"};
  app.unit.info.wants = {"other"};
  set_order();
  start(whole);
  start(part);

  start(app);

  EXPECT_EQ(kInactive, whole.state);
  EXPECT_EQ(kRunning, part.state);
  EXPECT_EQ(kRunning, other.state);
  EXPECT_EQ(kRunning, app.state);
}

TEST_F(ManagerTest, IsNotHeldForEverByUnitsThatStartAndStopEachOther) {
  UnitRuntime& redis = add("redis");
  set_order();
  int changes = 0;
  manager_.set_observer([&](UnitRuntime& unit) {
    ++changes;
    if (unit.state == kRunning)
      return manager_.stop(unit);
    if (unit.state == kInactive)
      (void)manager_.want_up(unit);
  });

  start(redis);
  const int in_one_turn = changes;
  pass(std::chrono::seconds(1));

  EXPECT_GT(changes, in_one_turn);
}

// --- part_of

class PartOfTest : public ManagerTest {
 protected:
  PartOfTest() {
    app_.unit.info.part_of = {"redis"};
    set_order();
    start(app_);
    actions_.take();
  }
  UnitRuntime& redis_ = add("redis");
  UnitRuntime& app_ = add_requiring("app", "redis");
};

TEST_F(PartOfTest, RestartsAPartWithItsWholeInOrder) {
  restart(redis_);

  EXPECT_EQ((Words{"terminate app", "clean app", "terminate redis", "clean redis", "prepare redis",
                   "spawn redis", "announce redis", "prepare app", "spawn app", "announce app"}),
            actions_.take());
}

TEST_F(PartOfTest, RestartsAPartWhenItsWholeRestartsByItself) {
  actions_.hold(app_, Step::terminate);
  exits(redis_, 1);
  EXPECT_EQ((Words{"clean redis", "terminate app"}), actions_.take());
  exits(app_, 0);
  EXPECT_EQ(UnitState::waiting, app_.state);

  pass(milliseconds(100));

  EXPECT_EQ((Words{"clean app", "prepare redis", "spawn redis", "announce redis", "prepare app",
                   "spawn app", "announce app"}),
            actions_.take());
}

TEST_F(PartOfTest, StartsNoPartThatWasDown) {
  stop(app_);

  restart(redis_);

  EXPECT_EQ(kInactive, app_.state);
}

TEST_F(PartOfTest, StopsAPartThatIsStoppedDuringItsRestart) {
  actions_.hold(app_, Step::terminate);
  restart(redis_);
  stop(app_);
  exits(app_, 0);

  EXPECT_EQ(kInactive, app_.state);
  EXPECT_EQ(kRunning, redis_.state);
}

TEST_F(PartOfTest, RestartsAPartThatCrashesWhileItsRestartWaits) {
  UnitRuntime& page = add_requiring("page", "app");
  page.unit.info.part_of = {"redis"};
  set_order();
  start(page);
  actions_.hold(page, Step::terminate);
  restart(redis_);
  ASSERT_EQ(kRunning, app_.state) << "it stops after page";
  app_.unit.service.restart = Restart::never;
  exits(app_, 1);
  exits(page, 0);
  pass(std::chrono::seconds(1));

  EXPECT_EQ(kRunning, redis_.state);
  EXPECT_EQ(kRunning, app_.state);
  EXPECT_EQ(kRunning, page.state);
}

TEST_F(ManagerTest, RestartsAPartThatItsWholeRequires) {
  UnitRuntime& side = add("side");
  UnitRuntime& app = add_requiring("app", "side");
  side.unit.info.part_of = {"app"};
  set_order();
  start(app);
  actions_.take();

  restart(app);
  EXPECT_EQ((Words{"terminate app", "clean app", "terminate side", "clean side", "prepare side",
                   "spawn side", "announce side", "prepare app", "spawn app", "announce app"}),
            actions_.take());
  stop(app);
  EXPECT_EQ(kInactive, side.state);
  start(app);

  EXPECT_EQ(kRunning, side.state);
  EXPECT_EQ(kRunning, app.state);
}

TEST_F(ManagerTest, RestartsAUnitWhoseFailedLifeIsCleanedUp) {
  UnitRuntime& redis = add("redis");
  redis.unit.service.restart = Restart::never;
  set_order();
  start(redis);
  actions_.hold(redis, Step::clean);
  exits(redis, 1);

  restart(redis);
  actions_.cleaned(redis);
  manager_.drain();

  EXPECT_EQ(kRunning, redis.state);
}

// --- on_failure

TEST_F(ManagerTest, StartsWhatAFailureCallsForOnceItIsForGood) {
  UnitRuntime& app = add("app");
  UnitRuntime& alert = add("alert", UnitKind::job);
  app.unit.info.on_failure = {"alert"};
  app.unit.service.restart_limit = 2;
  set_order();
  start(app);

  for (int i = 0; i < 2; ++i) {
    exits(app, 1);
    pass(std::chrono::seconds(1));
    ASSERT_EQ(kInactive, alert.state) << "berth goes on trying";
  }
  exits(app, 1);

  EXPECT_EQ(UnitState::failed, app.state);
  EXPECT_EQ(kRunning, alert.state);
}

TEST_F(ManagerTest, RunsAJobThatAFailureCallsForEachTime) {
  UnitRuntime& app = add("app");
  UnitRuntime& alert = add("alert", UnitKind::job);
  app.unit.info.on_failure = {"alert"};
  app.unit.service.restart = Restart::never;
  set_order();

  for (int i = 0; i < 2; ++i) {
    start(app);
    exits(app, 1);
    ASSERT_EQ(kRunning, alert.state);
    exits(alert, 0);
  }

  EXPECT_EQ(UnitState::exited, alert.state);
}

TEST_F(ManagerTest, StartsWhatAFailureCallsForWhenARequirementHasFailed) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add("page");
  app.unit.info.on_failure = {"page"};
  set_order();
  actions_.hold(redis, Step::spawn);
  start(app);

  actions_.cannot_start(redis, "no such program");
  manager_.drain();

  EXPECT_EQ(UnitState::failed, app.state);
  EXPECT_EQ(kRunning, page.state);
}

TEST_F(ManagerTest, StartsNothingForAFailureDuringAShutdown) {
  UnitRuntime& app = add("app");
  UnitRuntime& page = add("page");
  app.unit.info.on_failure = {"page"};
  app.unit.service.restart = Restart::never;
  set_order();
  start(app);

  manager_.refuse_starts();
  exits(app, 1);

  EXPECT_EQ(UnitState::failed, app.state);
  EXPECT_EQ(kInactive, page.state);
}

// --- conditions

TEST_F(ManagerTest, SatisfiesWhatRequiresASkippedUnit) {
  for (const UnitKind kind : {UnitKind::service, UnitKind::job}) {
    const std::string name = kind == UnitKind::job ? "job" : "service";
    UnitRuntime& optional = add(name, kind);
    UnitRuntime& app = add_requiring("app-" + name, name);
    set_order();
    actions_.hold(optional, Step::prepare);
    start(app);
    ASSERT_EQ(UnitState::waiting, app.state);

    actions_.skips(optional, "ENABLE is not set");
    manager_.drain();

    EXPECT_EQ(UnitState::skipped, optional.state);
    EXPECT_EQ("ENABLE is not set", optional.reason);
    EXPECT_FALSE(optional.wanted_up);
    EXPECT_FALSE(optional.job_succeeded);
    EXPECT_EQ(kRunning, app.state);
  }
}

TEST_F(ManagerTest, AsksForTheConditionsOfASkippedUnitAtItsNextStart) {
  UnitRuntime& optional = add("optional");
  set_order();
  actions_.hold(optional, Step::prepare);
  start(optional);
  actions_.skips(optional, "/x is not there");
  manager_.drain();
  actions_.unhold(optional, Step::prepare);

  start(optional);

  EXPECT_EQ(kRunning, optional.state);
}

TEST_F(ManagerTest, StartsWhatStoppedWithAUnitThatIsSkippedNow) {
  UnitRuntime& optional = add("optional");
  UnitRuntime& app = add_requiring("app", "optional");
  set_order();
  start(app);
  stop(optional);
  ASSERT_EQ(kInactive, app.state);
  actions_.hold(optional, Step::prepare);
  start(optional);

  actions_.skips(optional, "/x is not there");
  manager_.drain();

  EXPECT_EQ(kRunning, app.state);
}

}  // namespace
}  // namespace berth
