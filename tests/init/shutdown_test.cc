// The order of the end, and its time.
#include "init/shutdown.h"

#include "init/os/local_time.h"
#include "tests/init/manager_site.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

class ShutdownTest : public ManagerTest {
 protected:
  ShutdownTest() {
    manager_.set_observer([this](UnitRuntime& unit) {
      triggers_.on_state(unit);
      if (const auto why = shutdown_.on_state(unit))
        shutdown_.request(BerthConfig(), *why);
    });
    shutdown_.set_triggers(triggers_);
    loop_.set_turn_end([this] { manager_.drain(); });
  }
  void request() {
    shutdown_.request(BerthConfig(), "SIGTERM");
    manager_.drain();
  }

  UnitRuntime& add_last_job(const std::string& name, const std::string& required) {
    UnitRuntime& unit = add(name, UnitKind::job);
    unit.unit.job->on = trigger_bit(JobTrigger::shutdown);
    if (!required.empty())
      unit.unit.info.requires_units = {required};
    return unit;
  }

  struct NoAlarm final : os::Alarm {
    void set(std::optional<std::uint64_t>) override {}
  } alarm_;
  os::LocalTime zone_;
  JobTriggers triggers_{{loop_, table_, manager_, logs_, alarm_, zone_}};
  Shutdown shutdown_{loop_, table_, manager_, leases_};
};

TEST_F(ShutdownTest, StopsTenantsFirstThenTheRestInReverseOrder) {
  UnitRuntime& boston = add("tenant@boston", UnitKind::tenant);
  UnitRuntime& app = add_requiring("app", "redis");
  add("redis");
  set_order();
  start(boston);
  start(app);
  actions_.take();

  request();

  EXPECT_EQ((Words{"terminate tenant@boston", "clean tenant@boston", "terminate app", "clean app",
                   "terminate redis", "clean redis"}),
            actions_.take());
  EXPECT_EQ(0, shutdown_.exit_status());
}

TEST_F(ShutdownTest, RunsItsJobsBetweenTheTenantsAndTheRest) {
  UnitRuntime& boston = add("tenant@boston", UnitKind::tenant);
  UnitRuntime& redis = add("redis");
  UnitRuntime& save = add_last_job("save", "redis");
  set_order();
  start(boston);
  start(redis);
  actions_.hold(boston, Step::clean);
  request();
  EXPECT_EQ(UnitState::inactive, save.state);
  actions_.take();

  actions_.cleaned(boston);
  manager_.drain();
  EXPECT_EQ((Words{"prepare save", "spawn save", "announce save"}), actions_.take());
  exits(save, 0);

  EXPECT_EQ((Words{"clean save", "terminate redis", "clean redis"}), actions_.take());
  EXPECT_EQ(0, shutdown_.exit_status());
}

TEST_F(ShutdownTest, TriesItsJobsAgain) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& save = add_last_job("save", "redis");
  save.unit.job->retries = 1;
  set_order();
  start(redis);
  request();

  exits(save, 1);
  EXPECT_EQ(UnitState::running, redis.state);
  pass(milliseconds(1'000));
  EXPECT_EQ(UnitState::running, save.state);
  exits(save, 1);

  EXPECT_EQ(UnitState::failed, save.state);
  EXPECT_EQ(UnitState::inactive, redis.state);
}

TEST_F(ShutdownTest, StartsNothingForItsJobs) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& save = add_last_job("save", "redis");
  set_order();

  request();

  EXPECT_EQ(UnitState::failed, save.state);
  EXPECT_EQ("requires redis, which is inactive", save.reason);
  EXPECT_EQ(UnitState::inactive, redis.state);
}

TEST_F(ShutdownTest, CutsItsJobsShortAtHalfOfTheTimeAndTheTimeForAfterStop) {
  UnitRuntime& save = add_last_job("save", "");
  set_order();
  BerthConfig config;
  config.shutdown_after_stop = milliseconds(1'000);
  shutdown_.request(config, "SIGTERM");
  manager_.drain();

  pass(milliseconds(5'499));
  EXPECT_EQ(UnitState::running, save.state);
  pass(milliseconds(1));

  EXPECT_EQ(UnitState::inactive, save.state);
  EXPECT_EQ(1, shutdown_.exit_status());
}

TEST_F(ShutdownTest, ASecondRequestLeavesItsJobsOut) {
  UnitRuntime& boston = add("tenant@boston", UnitKind::tenant);
  UnitRuntime& save = add_last_job("save", "");
  set_order();
  start(boston);
  actions_.hold(boston, Step::terminate);
  request();

  request();

  EXPECT_EQ(UnitState::inactive, boston.state);
  EXPECT_EQ(UnitState::inactive, save.state);
}

TEST_F(ShutdownTest, EndsTheLoopWhenAllIsAtRest) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  loop_.after(milliseconds(0), [this] { shutdown_.request(BerthConfig(), "SIGTERM"); });

  loop_.run();

  EXPECT_EQ(UnitState::inactive, redis.state);
}

TEST_F(ShutdownTest, EndsTheLoopAtOnceWhenNothingRuns) {
  loop_.after(milliseconds(0), [this] { shutdown_.request(BerthConfig(), "SIGTERM"); });

  loop_.run();

  EXPECT_TRUE(shutdown_.requested());
}

TEST_F(ShutdownTest, StopsTheRestAtHalfOfTheTimeHoweverLongATenantTakes) {
  UnitRuntime& boston = add("tenant@boston", UnitKind::tenant);
  UnitRuntime& redis = add("redis");
  set_order();
  start(boston);
  start(redis);
  actions_.hold(boston, Step::terminate);
  request();

  pass(milliseconds(4'499));
  EXPECT_EQ(UnitState::running, redis.state);
  pass(milliseconds(1));

  EXPECT_EQ(UnitState::inactive, redis.state);
  EXPECT_EQ(UnitState::stopping, boston.state);
}

TEST_F(ShutdownTest, EndsBackOffsAndWaits) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();
  start(app);
  exits(redis, 1);
  restart(app);
  ASSERT_EQ(UnitState::backoff, redis.state);
  ASSERT_EQ(UnitState::waiting, app.state);

  request();

  EXPECT_EQ(UnitState::inactive, redis.state);
  EXPECT_EQ(UnitState::inactive, app.state);
}

TEST_F(ShutdownTest, TakesBackStarts) {
  UnitRuntime& boston = add("tenant@boston", UnitKind::tenant);
  UnitRuntime& app = add("app");
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  actions_.hold(redis, Step::terminate);
  ASSERT_TRUE(manager_.start(boston).has_value());
  ASSERT_TRUE(manager_.start(app).has_value());

  request();

  EXPECT_EQ(UnitState::inactive, boston.state);
  EXPECT_EQ(UnitState::inactive, app.state);
  EXPECT_EQ(UnitState::stopping, redis.state);
}

TEST_F(ShutdownTest, KillsWhatIsLeftAtTheEndOfTheTimeAndTellsItByTheExitStatus) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  actions_.hold(redis, Step::terminate);
  actions_.hold(redis, Step::kill);
  request();
  actions_.take();

  pass(milliseconds(8'999));
  EXPECT_EQ(Words{}, actions_.take());
  pass(milliseconds(1));

  EXPECT_EQ(Words{"kill redis"}, actions_.take());
  EXPECT_EQ(1, shutdown_.exit_status());
}

TEST_F(ShutdownTest, NamesWhatItKillsBeforeItsOwnTimeIsOver) {
  UnitRuntime& deaf = add("deaf");
  UnitRuntime& quick = add("quick");
  quick.unit.service.stop_timeout = milliseconds(1'000);
  set_order();
  std::vector<std::string> kept;
  shutdown_.set_record([&](const std::vector<std::string>& lines, const auto&) { kept = lines; });
  for (UnitRuntime* unit : {&deaf, &quick}) {
    start(*unit);
    actions_.hold(*unit, Step::terminate);
  }
  request();

  for (UnitRuntime* unit : {&deaf, &quick})
    table_.post(*unit, UnitEvent::timeout);
  manager_.drain();

  EXPECT_EQ((Words{"deaf: killed after 4s500ms, its share of [shutdown] timeout; its stop_timeout "
                   "is 10s"}),
            kept);
  EXPECT_EQ(1, shutdown_.exit_status());
}

/// How long a stop that has begun may take.
milliseconds time_of(const UnitRuntime& unit, os::TimePoint now) {
  return unit.life.stop_by ? std::chrono::ceil<milliseconds>(*unit.life.stop_by - now)
                           : milliseconds(-1);
}

TEST_F(ShutdownTest, EndsAChainOfDeafUnitsAtHalfOfTheTime) {
  UnitRuntime& page = add_requiring("page", "app");
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& redis = add("redis");
  set_order();
  start(page);
  for (UnitRuntime* unit : {&page, &app, &redis})
    actions_.hold(*unit, Step::terminate);
  request();

  EXPECT_EQ(milliseconds(2'250), time_of(page, clock_.now()));
  pass(milliseconds(2'250));
  exits(page, 0);
  EXPECT_EQ(milliseconds(1'125), time_of(app, clock_.now()));
  pass(milliseconds(1'125));
  exits(app, 0);

  EXPECT_EQ(milliseconds(1'125), time_of(redis, clock_.now()));
}

TEST_F(ShutdownTest, LeavesToTheLastWhatTheOthersHaveNotUsed) {
  UnitRuntime& boston = add("tenant@boston", UnitKind::tenant);
  UnitRuntime& redis = add("redis");
  set_order();
  start(boston);
  start(redis);
  for (UnitRuntime* unit : {&boston, &redis})
    actions_.hold(*unit, Step::terminate);
  request();
  EXPECT_EQ(milliseconds(2'250), time_of(boston, clock_.now()));

  pass(milliseconds(500));
  exits(boston, 0);

  EXPECT_EQ(milliseconds(4'000), time_of(redis, clock_.now()));
}

TEST_F(ShutdownTest, GivesTheRestItsShareHoweverLongABackUpTakes) {
  UnitRuntime& boston = add("tenant@boston", UnitKind::tenant);
  UnitRuntime& redis = add("redis");
  set_order();
  start(boston);
  start(redis);
  actions_.hold(boston, Step::clean);
  actions_.hold(redis, Step::terminate);
  request();

  pass(milliseconds(4'000));
  actions_.cleaned(boston);
  manager_.drain();

  EXPECT_EQ(milliseconds(2'250), time_of(redis, clock_.now()));
}

TEST_F(ShutdownTest, LeavesTimeToAJobThatIsCutShort) {
  UnitRuntime& save = add_last_job("save", "");
  set_order();
  actions_.hold(save, Step::terminate);
  request();

  pass(milliseconds(4'500));

  EXPECT_EQ(milliseconds(1'125), time_of(save, clock_.now()));
}

TEST_F(ShutdownTest, LimitsAStopThatHasBegunBefore) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  actions_.hold(redis, Step::terminate);
  stop(redis);
  EXPECT_EQ(milliseconds(-1), time_of(redis, clock_.now()));

  request();

  EXPECT_EQ(milliseconds(4'500), time_of(redis, clock_.now()));
}

TEST_F(ShutdownTest, WaitsUntilWhatWasCutShortIsKept) {
  std::function<void()> done;
  std::size_t lines = 7;
  shutdown_.set_record([&](const std::vector<std::string>& cut_short, std::function<void()> kept) {
    lines = cut_short.size();
    done = std::move(kept);
  });
  loop_.after(milliseconds(0), [this] { request(); });
  loop_.after(milliseconds(1), [&] { done(); });
  clock_.advance(milliseconds(1));

  loop_.run();

  EXPECT_EQ(0U, lines);
  EXPECT_EQ(0, shutdown_.exit_status());
}

TEST_F(ShutdownTest, LeavesTimeToKeepWhatWasCutShortButWaitsForNoVolumeThatHangs) {
  UnitRuntime& redis = add("redis");
  set_order();
  Words kept;
  shutdown_.set_record([&](const Words& lines, const auto&) { kept = lines; });
  start(redis);
  actions_.hold(redis, Step::terminate);
  actions_.hold(redis, Step::kill);
  request();

  pass(milliseconds(8'499));
  EXPECT_EQ(Words{}, kept);
  pass(milliseconds(1));
  EXPECT_EQ((Words{"redis: the shutdown timeout was over while it was stopping"}), kept);
  clock_.advance(milliseconds(500));
  loop_.run();  // ends at once

  EXPECT_EQ(1, shutdown_.exit_status());
}

TEST_F(ShutdownTest, ASecondRequestDoesNotWaitForAVolume) {
  shutdown_.set_record([](const Words&, const auto&) {});
  request();
  loop_.after(milliseconds(0), [this] { request(); });

  loop_.run();

  EXPECT_EQ(0, shutdown_.exit_status());
}

TEST_F(ShutdownTest, HurriesWhenAskedAgain) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  actions_.hold(redis, Step::terminate);
  request();
  actions_.take();

  request();

  EXPECT_EQ((Words{"kill redis", "clean redis"}), actions_.take());
  EXPECT_EQ(UnitState::inactive, redis.state);
  EXPECT_EQ(1, shutdown_.exit_status());
}

TEST_F(ShutdownTest, BeginsByItselfWhenTheMainUnitEndsAndStopsTheOthersInOrder) {
  UnitRuntime& app = add_requiring("app", "redis");
  UnitRuntime& page = add_requiring("page", "redis");
  app.unit.info.main = true;
  add("redis");
  set_order();
  start(app);
  start(page);
  actions_.take();

  exits(app, 0);

  EXPECT_EQ((Words{"clean app", "terminate page", "clean page", "terminate redis", "clean redis"}),
            actions_.take());
  EXPECT_TRUE(shutdown_.is_over());
  EXPECT_EQ(0, shutdown_.exit_status());
}

TEST_F(ShutdownTest, DoesNotBeginWhileTheMainUnitIsStartedAgain) {
  UnitRuntime& app = add("app");
  app.unit.info.main = true;
  app.unit.service.restart_limit = 1;
  set_order();
  start(app);

  exits(app, 3);
  EXPECT_FALSE(shutdown_.requested());
  pass(std::chrono::seconds(1));
  exits(app, 4);

  EXPECT_TRUE(shutdown_.is_over());
  EXPECT_EQ(4, shutdown_.exit_status());
}

TEST_F(ShutdownTest, BeginsByItselfWhenAnEssentialUnitFails) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& page = add("page");
  redis.unit.info.essential = true;
  redis.unit.service.restart = Restart::never;
  set_order();
  start(redis);
  start(page);

  exits(redis, 0);
  EXPECT_FALSE(shutdown_.requested());
  start(redis);
  exits(redis, 7);

  EXPECT_EQ(UnitState::inactive, page.state);
  EXPECT_TRUE(shutdown_.is_over());
  EXPECT_EQ(1, shutdown_.exit_status());
}

TEST_F(ShutdownTest, DoesNotHurryWhenTheMainUnitEndsInIt) {
  UnitRuntime& app = add("app");
  UnitRuntime& page = add("page");
  app.unit.info.main = true;
  set_order();
  start(app);
  start(page);
  actions_.hold(page, Step::terminate);
  request();
  actions_.take();
  exits(page, 0);

  EXPECT_EQ((Words{"clean page"}), actions_.take());
  EXPECT_EQ(0, shutdown_.exit_status());
}

TEST_F(ShutdownTest, GivesAfterStopItsFurtherTime) {
  UnitRuntime& redis = add("redis");
  set_order();
  start(redis);
  actions_.hold(redis, Step::clean);
  BerthConfig config;
  config.shutdown_after_stop = Milliseconds(60'000);
  shutdown_.request(config, "SIGTERM");
  manager_.drain();
  actions_.take();

  pass(milliseconds(68'999));
  EXPECT_EQ(Words{}, actions_.take());
  actions_.cleaned(redis);
  manager_.drain();

  EXPECT_EQ(0, shutdown_.exit_status());
}

}  // namespace
}  // namespace berth
