// What Manager decides: who starts when, and what follows from a failure.
#include "init/manager.h"

#include "tests/init/manager_site.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

// --- starting

TEST_F(ManagerTest, StartsWhatAUnitRequiresAndWantsBeforeIt) {
  UnitRuntime& app = add("app");
  app.unit.info.requires_units = {"redis"};
  app.unit.info.wants = {"cable"};
  add("redis");
  add("cable");
  set_order();

  start(app);

  EXPECT_EQ((Words{"prepare redis", "prepare cable", "spawn redis", "spawn cable", "announce redis",
                   "announce cable", "prepare app", "spawn app", "announce app"}),
            actions_.take());
}

TEST_F(ManagerTest, WaitsUntilWhatIsRequiredIsReadyAndTellsForWhat) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  actions_.hold(redis, Step::spawn);

  start(app);
  EXPECT_EQ(UnitState::waiting, app.state);
  EXPECT_EQ("redis (starting)", manager_.waits_for(app));
  actions_.ready(redis);
  manager_.drain();

  EXPECT_EQ(kRunning, app.state);
  EXPECT_EQ("", manager_.waits_for(app));
}

TEST_F(ManagerTest, OrdersByAfterOnlyWhatIsWantedAnyway) {
  UnitRuntime& early = add("early");
  UnitRuntime& late = add("late");
  UnitRuntime& idle = add("idle");
  late.unit.info.after = {"early", "idle"};
  set_order();
  actions_.hold(early, Step::spawn);

  ASSERT_TRUE(manager_.want_up(early).has_value());
  start(late);
  EXPECT_EQ(UnitState::waiting, late.state);
  actions_.ready(early);
  manager_.drain();

  EXPECT_EQ(kRunning, late.state);
  EXPECT_EQ(kInactive, idle.state);
}

TEST_F(ManagerTest, GoesOnWithoutWhatIsOnlyWanted) {
  UnitRuntime& cable = add("cable");
  UnitRuntime& app = add("app");
  app.unit.info.wants = {"cable"};
  set_order();
  actions_.hold(cable, Step::spawn);
  start(app);

  actions_.cannot_start(cable, "execute puma: No such file or directory");
  manager_.drain();

  EXPECT_EQ(UnitState::failed, cable.state);
  EXPECT_EQ(kRunning, app.state);
}

TEST_F(ManagerTest, FailsAUnitWhoseRequirementFailsAndSaysWhy) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add_requiring("page", "app");
  set_order();
  actions_.hold(redis, Step::spawn);
  start(page);

  actions_.cannot_start(redis, "execute redis-server: No such file or directory");
  manager_.drain();

  EXPECT_EQ(UnitState::failed, redis.state);
  EXPECT_EQ("execute redis-server: No such file or directory", redis.reason);
  EXPECT_EQ(UnitState::failed, app.state);
  EXPECT_EQ("requires redis, which has failed", app.reason);
  EXPECT_EQ(UnitState::failed, page.state);
  EXPECT_EQ("requires app, which has failed", page.reason);
}

TEST_F(ManagerTest, WaitsForTheSuccessOfARequiredJob) {
  UnitRuntime& job = add("job", UnitKind::job);
  UnitRuntime& app = add_requiring("app", "job");
  set_order();

  start(app);
  EXPECT_EQ(kRunning, job.state);
  EXPECT_EQ(UnitState::waiting, app.state);
  exits(job, 0);

  EXPECT_EQ(UnitState::exited, job.state);
  EXPECT_EQ(kRunning, app.state);
}

TEST_F(ManagerTest, DoesNotRunAJobAgainThatOnlyIsRequired) {
  UnitRuntime& job = add("job", UnitKind::job);
  UnitRuntime& app = add_requiring("app", "job");
  set_order();
  start(job);
  exits(job, 0);
  actions_.take();

  start(app);

  EXPECT_EQ((Words{"prepare app", "spawn app", "announce app"}), actions_.take());
}

TEST_F(ManagerTest, StopsNothingWhenALaterRunOfAJobFails) {
  UnitRuntime& job = add("job", UnitKind::job);
  UnitRuntime& app = add_requiring("app", "job");
  set_order();
  start(app);
  exits(job, 0);

  start(job);
  exits(job, 1);
  EXPECT_EQ(UnitState::failed, job.state);
  EXPECT_EQ("exit status 1", job.reason);
  EXPECT_EQ(kRunning, app.state);

  start(job);
  stop(job);
  EXPECT_EQ(kInactive, job.state);
  EXPECT_EQ(kRunning, app.state);
}

// --- restarting

TEST_F(ManagerTest, StartsACrashedServiceAgainAfterItsBackOff) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);

  exits(redis, 1);
  EXPECT_EQ(UnitState::backoff, redis.state);
  EXPECT_EQ("exit status 1", redis.reason);
  pass(milliseconds(99));
  EXPECT_EQ(UnitState::backoff, redis.state);
  pass(milliseconds(1));

  EXPECT_EQ(kRunning, redis.state);
  EXPECT_EQ(1U, redis.restarts);
}

TEST_F(ManagerTest, LeavesDependentsUpWhileARequirementRestarts) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  start(app);
  actions_.take();

  restart(redis);
  exits(redis, 1);
  pass(milliseconds(100));

  EXPECT_EQ(
      (Words{"terminate redis", "clean redis", "prepare redis", "spawn redis", "announce redis",
             "clean redis", "prepare redis", "spawn redis", "announce redis"}),
      actions_.take());
  EXPECT_EQ(kRunning, app.state);
}

TEST_F(ManagerTest, WaitsThroughTheRestartsOfARequirement) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add("page");
  page.unit.info.wants = {"redis"};
  set_order();
  actions_.hold(redis, Step::spawn);
  start(app);
  start(page);

  for (int i = 0; i < 3; ++i) {
    exits(redis, 1);
    EXPECT_EQ(UnitState::waiting, app.state);
    EXPECT_EQ("redis (backoff)", manager_.waits_for(page));
    pass(std::chrono::seconds(1));
  }
  actions_.ready(redis);
  manager_.drain();

  EXPECT_EQ(kRunning, app.state);
  EXPECT_EQ(kRunning, page.state);
}

TEST_F(ManagerTest, GivesUpAfterRestartLimitAndStopsWhatRequiresIt) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  start(app);

  for (int i = 0; i < 6; ++i) {
    exits(redis, 1);
    pass(std::chrono::seconds(5));
  }

  EXPECT_EQ(UnitState::failed, redis.state);
  EXPECT_EQ(kInactive, app.state);
  EXPECT_EQ("requires redis, which has failed", app.reason);
}

TEST_F(ManagerTest, StartsWhatStoppedWithAFailedUnitAgainWithIt) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add_requiring("page", "app");
  set_order();
  redis.unit.service.restart = Restart::never;
  start(page);
  exits(redis, 1);
  ASSERT_EQ(kInactive, page.state);

  start(redis);

  EXPECT_EQ(kRunning, app.state);
  EXPECT_EQ(kRunning, page.state);
}

TEST_F(ManagerTest, AdoptsAChangedDefinitionWithTheNextStart) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  redis.changed = std::make_unique<Unit>(redis.unit);
  redis.changed->info.description = "new";

  EXPECT_EQ("", redis.unit.info.description);
  restart(redis);

  EXPECT_EQ("new", redis.unit.info.description);
  EXPECT_EQ(nullptr, redis.changed);
}

// --- by hand

TEST_F(ManagerTest, PinsATenantThatIsStartedByHandUntilItIsStopped) {
  UnitRuntime& boston = add("tenant@boston", UnitKind::tenant);
  set_order();

  start(boston);
  EXPECT_TRUE(boston.pinned);
  stop(boston);

  EXPECT_FALSE(boston.pinned);
}

TEST_F(ManagerTest, ForgetsEarlierFailuresWhenStartedByHand) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  exits(redis, 1);
  ASSERT_EQ(1U, redis.history.in_a_row());

  start(redis);

  EXPECT_EQ(kRunning, redis.state);
  EXPECT_EQ(0U, redis.history.in_a_row());
  EXPECT_EQ(0U, redis.restarts);
}

TEST_F(ManagerTest, ReloadsOnlyARunningUnitThatCanBeReloaded) {
  UnitRuntime& redis = add("redis");
  set_order();

  EXPECT_EQ("redis is inactive", manager_.reload(redis).error().message);
  start(redis);
  EXPECT_EQ("redis has neither reload_signal nor reload_command",
            manager_.reload(redis).error().message);
  redis.unit.service.reload_command = Command{{"reload"}, Milliseconds(0), ""};
  actions_.take();

  EXPECT_TRUE(manager_.reload(redis).has_value());
  EXPECT_EQ(Words{"reload redis"}, actions_.take());
}

// --- shutdown

TEST_F(ManagerTest, StartsNothingOnceStartsAreRefused) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& crashed = add("crashed");
  set_order();
  actions_.hold(redis, Step::spawn);
  start(app);
  start(crashed);
  exits(crashed, 1);
  actions_.take();

  manager_.refuse_starts();
  EXPECT_EQ("berth is shutting down", manager_.start(redis).error().message);
  EXPECT_EQ("berth is shutting down", manager_.restart(redis).error().message);
  actions_.ready(redis);
  manager_.drain();
  pass(std::chrono::seconds(60));

  EXPECT_EQ(Words{"announce redis"}, actions_.take());
  EXPECT_EQ(UnitState::waiting, app.state);
}

TEST_F(ManagerTest, StopsWhatWaitsOnceStartsAreRefused) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  actions_.hold(redis, Step::spawn);
  start(app);

  manager_.refuse_starts();
  stop(redis);

  EXPECT_EQ(kInactive, app.state);
  EXPECT_EQ(kInactive, redis.state);
}

TEST_F(ManagerTest, KillsEverythingThatIsAlive) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add("app");
  add("idle");
  set_order();
  start(redis);
  start(app);
  actions_.take();

  manager_.kill_all();

  EXPECT_EQ((Words{"kill app", "kill redis"}), actions_.take());
}

TEST_F(ManagerTest, KillsNothingOfAUnitThatHasNoLife) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  start(app);
  exits(redis, 1);
  restart(app);
  ASSERT_EQ(UnitState::backoff, redis.state);
  ASSERT_EQ(UnitState::waiting, app.state);
  actions_.take();

  manager_.kill_all();

  EXPECT_EQ(Words{}, actions_.take());
}

// --- deadlines

class DeadlineTest : public ManagerTest {
 protected:
  DeadlineTest() { set_order(); }
  /// The deadline of its state passes in the turn in which the event is posted.
  void passes_after(UnitEvent event) {
    table_.post(redis_, event);
    actions_.deadline_passes(redis_);
    manager_.drain();
  }
  void arm_for_a_minute() {
    redis_.deadline = loop_.after(std::chrono::minutes(1), [this] {
      redis_.deadline = os::kNoTimer;
      actions_.deadline_passes(redis_);
    });
  }
  UnitRuntime& redis_ = add("redis");
};

TEST_F(DeadlineTest, OfAStopKillsNoCommandThatComesAfterIt) {
  start(redis_);
  actions_.hold(redis_, Step::terminate);
  actions_.hold(redis_, Step::clean);
  stop(redis_);
  actions_.take();

  actions_.exits(redis_, 0);
  actions_.deadline_passes(redis_);
  manager_.drain();

  EXPECT_EQ(Words{"clean redis"}, actions_.take());
  EXPECT_EQ(os::kNoTimer, redis_.deadline);
}

TEST_F(DeadlineTest, OfABackOffCountsNoMoreWhenAStopHasEndedIt) {
  start(redis_);
  exits(redis_, 1);
  ASSERT_EQ(UnitState::backoff, redis_.state);
  redis_.wanted_up = false;

  passes_after(UnitEvent::stop);

  EXPECT_EQ(kInactive, redis_.state);
}

TEST_F(DeadlineTest, OfABackOffCountsNoMoreWhenAStartHasEndedIt) {
  start(redis_);
  exits(redis_, 1);
  actions_.take();

  passes_after(UnitEvent::start);

  EXPECT_EQ((Words{"prepare redis", "spawn redis", "announce redis"}), actions_.take());
}

TEST_F(DeadlineTest, IsTheStatesAlone) {
  actions_.hold(redis_, Step::spawn);
  start(redis_);
  arm_for_a_minute();

  exits(redis_, 1);
  EXPECT_EQ(UnitState::backoff, redis_.state);
  pass(milliseconds(100));
  actions_.ready(redis_);
  manager_.drain();
  pass(std::chrono::minutes(2));

  EXPECT_EQ(kRunning, redis_.state);
}

TEST_F(DeadlineTest, OfAJobGoesOnWhenItRuns) {
  actions_.hold(redis_, Step::spawn);
  start(redis_);
  arm_for_a_minute();
  actions_.ready(redis_);
  manager_.drain();

  EXPECT_NE(os::kNoTimer, redis_.deadline);
}

}  // namespace
}  // namespace berth
