// What Manager decides about stops: who goes first, who comes back, and that none hangs.
#include "tests/init/manager_site.h"

namespace berth {
namespace {

TEST_F(ManagerTest, StopsNothingBeforeAllThatComesAfterItHasStopped) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add_requiring("page", "app");
  set_order();
  start(page);
  actions_.take();
  actions_.hold(page, Step::terminate);
  actions_.hold(app, Step::clean);

  stop(redis);
  EXPECT_EQ(Words{"terminate page"}, actions_.take());
  exits(page, 0);
  EXPECT_EQ((Words{"clean page", "terminate app", "clean app"}), actions_.take());
  actions_.cleaned(app);
  manager_.drain();

  EXPECT_EQ((Words{"terminate redis", "clean redis"}), actions_.take());
  EXPECT_EQ(kInactive, redis.state);
}

TEST_F(ManagerTest, StopsInReverseOrderWhatIsOnlyOrderedWhereBothStop) {
  UnitRuntime& early = add("a-early");
  UnitRuntime& late = add("b-late");
  late.unit.info.after = {"a-early"};
  set_order();
  start(early);
  start(late);
  actions_.take();

  stop(early);
  EXPECT_EQ(kRunning, late.state);
  start(early);
  actions_.take();
  manager_.stop(early);
  manager_.stop(late);
  manager_.drain();

  EXPECT_EQ((Words{"terminate b-late", "clean b-late", "terminate a-early", "clean a-early"}),
            actions_.take());
}

TEST_F(ManagerTest, StartsWhatStoppedWithAUnitAgainWithIt) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add_requiring("page", "redis");
  set_order();
  start(app);
  stop(redis);

  start(redis);

  EXPECT_EQ(kRunning, app.state);
  EXPECT_EQ(kInactive, page.state) << "it was not up before";
}

TEST_F(ManagerTest, LeavesDownWhatWasStoppedByHand) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  start(app);
  stop(app);
  stop(redis);

  start(redis);

  EXPECT_EQ(kInactive, app.state);
}

TEST_F(ManagerTest, LeavesDownWhatWasBeingStoppedByHandWhenItsRequirementFailed) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  redis.unit.service.restart = Restart::never;
  start(app);
  actions_.hold(app, Step::terminate);
  stop(app);
  exits(redis, 1);
  exits(app, 0);

  start(redis);

  EXPECT_EQ(kInactive, app.state);
}

TEST_F(ManagerTest, StartsWhatStoppedWithAUnitAgainEvenIfThatNeverWentDown) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  start(app);
  actions_.hold(app, Step::terminate);
  stop(redis);
  ASSERT_EQ(kRunning, redis.state) << "it waits for app";

  start(redis);
  exits(app, 0);

  EXPECT_EQ(kRunning, redis.state);
  EXPECT_EQ(kRunning, app.state);
}

TEST_F(ManagerTest, BeginsANewLifeWhenAUnitIsStartedWhileItStops) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  actions_.take();
  actions_.hold(redis, Step::terminate);
  actions_.hold(redis, Step::clean);
  stop(redis);

  start(redis);
  exits(redis, 0);
  EXPECT_EQ((Words{"terminate redis", "clean redis"}), actions_.take());
  actions_.cleaned(redis);
  manager_.drain();

  EXPECT_EQ((Words{"prepare redis", "spawn redis", "announce redis"}), actions_.take());
  EXPECT_EQ(2U, redis.life.epoch);
}

TEST_F(ManagerTest, BeginsANewLifeWhenAUnitIsStartedWhileAFailedLifeIsCleanedUp) {
  UnitRuntime& redis = add("redis");
  redis.unit.service.restart = Restart::never;
  set_order();
  start(redis);
  actions_.hold(redis, Step::clean);
  exits(redis, 1);
  ASSERT_EQ(UnitState::cleaning, redis.state);

  start(redis);
  actions_.cleaned(redis);
  manager_.drain();

  EXPECT_EQ(UnitState::running, redis.state);
  EXPECT_EQ(2U, redis.life.epoch);
}

TEST_F(ManagerTest, HandsAProxyOverInsteadOfStoppingItForARestart) {
  UnitRuntime& web = add("web", UnitKind::proxy);
  UnitRuntime& part = add_requiring("part", "web");
  part.unit.info.part_of = {"web"};
  set_order();
  start(part);
  actions_.take();

  restart(web);

  EXPECT_EQ(kRunning, web.state);
  EXPECT_EQ((Words{"hand over web", "terminate part", "clean part", "prepare part", "spawn part",
                   "announce part"}),
            actions_.take());
}

TEST_F(ManagerTest, RestartsAProxyThatIsNotUpAsAnyUnit) {
  UnitRuntime& web = add("web", UnitKind::proxy);
  set_order();
  actions_.hold(web, Step::spawn);
  start(web);
  actions_.unhold(web, Step::spawn);
  actions_.take();

  restart(web);

  EXPECT_EQ((Words{"terminate web", "clean web", "prepare web", "spawn web", "announce web"}),
            actions_.take());
}

TEST_F(ManagerTest, KillsWhatDoesNotEndInTime) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  actions_.hold(redis, Step::terminate);
  stop(redis);

  actions_.deadline_passes(redis);
  manager_.drain();

  EXPECT_EQ(kInactive, redis.state);
}

TEST_F(ManagerTest, StopsAUnitThatWaits) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  actions_.hold(redis, Step::spawn);
  start(app);
  ASSERT_EQ(UnitState::waiting, app.state);

  stop(app);

  EXPECT_EQ(kInactive, app.state);
  EXPECT_EQ(UnitState::starting, redis.state);
}

TEST_F(ManagerTest, StopsAUnitThatWaitsForItsSecondLife) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  start(app);
  stop(redis);
  actions_.hold(redis, Step::spawn);
  start(app);
  ASSERT_EQ(UnitState::waiting, app.state);

  stop(app);

  EXPECT_EQ(kInactive, app.state);
}

TEST_F(ManagerTest, StopsAUnitThatIsPrepared) {
  UnitRuntime& redis = add("redis");
  set_order();
  actions_.hold(redis, Step::prepare);
  start(redis);

  stop(redis);

  EXPECT_EQ(kInactive, redis.state);
  EXPECT_EQ((Words{"prepare redis", "clean redis"}), actions_.take());
}

TEST_F(ManagerTest, StopsAUnitThatStarts) {
  UnitRuntime& redis = add("redis");
  set_order();
  actions_.hold(redis, Step::spawn);
  start(redis);

  stop(redis);

  EXPECT_EQ(kInactive, redis.state);
}

TEST_F(ManagerTest, StopsAUnitThatBacksOffForGood) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  exits(redis, 1);
  ASSERT_EQ(UnitState::backoff, redis.state);

  stop(redis);
  EXPECT_EQ(kInactive, redis.state);
  pass(std::chrono::seconds(60));

  EXPECT_EQ(kInactive, redis.state);
}

TEST_F(ManagerTest, StopsALongChainOfWaitingUnitsAtOnce) {
  UnitRuntime& first = add("unit-0");
  for (int i = 1; i < 9; ++i)
    add_requiring("unit-" + std::to_string(i), "unit-" + std::to_string(i - 1));
  set_order();
  actions_.hold(first, Step::spawn);
  start(*table_.find("unit-8"));

  stop(first);

  for (const auto& [name, unit] : table_.all())
    EXPECT_EQ(kInactive, unit->state) << name;
}

}  // namespace
}  // namespace berth
