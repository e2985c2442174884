// Why jobs start, with clocks that a test moves.
#include "init/job_triggers.h"

#include "tests/init/manager_site.h"

namespace berth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kHourMs = 3'600'000;

class FakeAlarm final : public os::Alarm {
 public:
  void set(std::optional<std::uint64_t> wall_ms) override {
    is_set = true;
    when = wall_ms;
  }
  bool is_set = false;
  std::optional<std::uint64_t> when;
};

class Utc final : public TimeZone {
 public:
  std::int64_t offset_at(std::int64_t) const override { return 0; }
};

class JobTriggersTest : public ManagerTest {
 protected:
  JobTriggersTest() {
    manager_.set_observer([this](UnitRuntime& unit) { triggers_.on_state(unit); });
    loop_.set_turn_end([this] { manager_.drain(); });
  }

  /// A job whose runs end when the test says so.
  UnitRuntime& job(const std::string& name, JobSpec spec) {
    UnitRuntime& unit = add(name, UnitKind::job);
    unit.unit.job = std::move(spec);
    return unit;
  }
  UnitRuntime& job_every(const std::string& name, Milliseconds every) {
    JobSpec spec;
    spec.every = every;
    return job(name, spec);
  }
  UnitRuntime& job_at(const std::string& name, const std::string& schedule) {
    JobSpec spec;
    spec.schedule = *parse_schedule(schedule);
    return job(name, spec);
  }
  UnitRuntime& job_on(const std::string& name, JobTrigger why) {
    JobSpec spec;
    spec.on = trigger_bit(why);
    return job(name, spec);
  }
  void load() {
    set_order();
    triggers_.loaded();
  }
  /// The alarm calls, at the end of a turn in which the clocks have moved.
  void call() {
    pass(Milliseconds(0));
    triggers_.on_alarm();
    manager_.drain();
  }
  bool runs(const UnitRuntime& unit) const { return unit.state == UnitState::running; }
  std::size_t spawned(const std::string& name) {
    const Words orders = actions_.take();
    return static_cast<std::size_t>(std::count(orders.begin(), orders.end(), "spawn " + name));
  }

  FakeAlarm alarm_;
  Utc zone_;
  JobTriggers triggers_{{loop_, table_, manager_, logs_, alarm_, zone_}};
};

TEST_F(JobTriggersTest, EveryCountsFromTheEndOfTheLastRun) {
  UnitRuntime& sync = job_every("sync", minutes(10));
  load();

  pass(minutes(10));
  call();
  EXPECT_TRUE(runs(sync));
  pass(minutes(7));
  call();
  exits(sync, 0);
  EXPECT_EQ(clock_.wall_ms() + 600'000, triggers_.next_run_ms(sync));
  EXPECT_EQ(clock_.wall_ms() + 600'000, alarm_.when);
  pass(minutes(9));
  call();
  EXPECT_EQ(UnitState::exited, sync.state);
  pass(minutes(1));
  call();

  EXPECT_TRUE(runs(sync));
}

TEST_F(JobTriggersTest, EveryCountsTheTimeThatTheMachineSleeps) {
  UnitRuntime& sync = job_every("sync", hours(1));
  load();

  clock_.sleep(hours(5));
  call();
  EXPECT_TRUE(runs(sync));
  exits(sync, 1);

  EXPECT_EQ(clock_.wall_ms() + kHourMs, triggers_.next_run_ms(sync));
}

TEST_F(JobTriggersTest, EveryDoesNotCareForTheWallClock) {
  UnitRuntime& sync = job_every("sync", hours(1));
  load();

  clock_.set_wall(clock_.wall_ms() + 400 * kHourMs);
  call();
  clock_.set_wall(clock_.wall_ms() - 800 * kHourMs);
  call();

  EXPECT_EQ(UnitState::inactive, sync.state);
  EXPECT_EQ(clock_.wall_ms() + kHourMs, alarm_.when);
}

TEST_F(JobTriggersTest, AScheduleRunsAtItsTime) {
  UnitRuntime& backup = job_at("backup", "30 23 * * *");  // it is 22:13
  load();
  const std::uint64_t when = 1'700'004'600'000;
  EXPECT_EQ(when, alarm_.when);

  pass(Milliseconds(when - 1 - clock_.wall_ms()));
  call();
  EXPECT_EQ(UnitState::inactive, backup.state);
  pass(Milliseconds(1));
  call();

  EXPECT_TRUE(runs(backup));
  EXPECT_EQ(when + 24 * kHourMs, alarm_.when);
}

TEST_F(JobTriggersTest, WhatWasMissedAsleepHappensOnceAfterwards) {
  UnitRuntime& backup = job_at("backup", "30 * * * *");
  load();

  clock_.sleep(hours(30));
  call();
  EXPECT_TRUE(runs(backup));
  exits(backup, 0);
  call();

  EXPECT_EQ(1U, spawned("backup"));
}

TEST_F(JobTriggersTest, AClockThatIsSetForwardMakesUpForTheTimeOnce) {
  UnitRuntime& backup = job_at("backup", "30 23 * * *");
  load();

  clock_.set_wall(clock_.wall_ms() + 100 * kHourMs);
  call();
  exits(backup, 0);
  call();

  EXPECT_EQ(1U, spawned("backup"));
}

TEST_F(JobTriggersTest, AClockThatIsSetForTheFirstTimeHasMissedNothing) {
  clock_.set_wall(10'000);
  UnitRuntime& backup = job_at("backup", "30 23 * * *");
  triggers_.on_alarm();
  load();

  clock_.set_wall(1'700'000'000'000);
  call();

  EXPECT_EQ(UnitState::inactive, backup.state);
  EXPECT_EQ(1'700'004'600'000U, alarm_.when);
}

TEST_F(JobTriggersTest, AClockThatIsSetBackALittleRepeatsNothing) {
  UnitRuntime& backup = job_at("backup", "30 23 * * *");
  load();
  pass(hours(2));
  call();
  exits(backup, 0);

  clock_.set_wall(clock_.wall_ms() - 2 * kHourMs);
  call();
  pass(hours(2));
  call();

  EXPECT_EQ(1U, spawned("backup"));
}

TEST_F(JobTriggersTest, AClockThatIsSetBackALotIsANewTime) {
  UnitRuntime& backup = job_at("backup", "30 23 * * *");
  load();
  pass(hours(2));
  call();
  exits(backup, 0);

  clock_.set_wall(clock_.wall_ms() - 48 * kHourMs);
  call();

  EXPECT_EQ(1'700'004'600'000U - 24 * kHourMs, alarm_.when);
}

TEST_F(JobTriggersTest, AScheduleForEveryHourFollowsAClockThatIsSetBack) {
  job_at("sync", "30 * * * *");
  load();
  pass(hours(2));
  call();

  clock_.set_wall(clock_.wall_ms() - kHourMs);
  call();

  EXPECT_LT(alarm_.when.value() - clock_.wall_ms(), kHourMs);
}

TEST_F(JobTriggersTest, ATriggerDuringARunIsRememberedOnce) {
  UnitRuntime& sync = job_on("sync", JobTrigger::manual);
  load();
  triggers_.fire(sync, JobTrigger::manual);
  manager_.drain();
  ASSERT_TRUE(runs(sync));

  triggers_.fire(sync, JobTrigger::manual);
  triggers_.fire(sync, JobTrigger::reload);
  exits(sync, 0);
  EXPECT_TRUE(runs(sync));
  exits(sync, 0);

  EXPECT_EQ(UnitState::exited, sync.state);
  EXPECT_EQ(2U, spawned("sync"));
}

TEST_F(JobTriggersTest, AStopForgetsWhatIsRemembered) {
  UnitRuntime& sync = job_on("sync", JobTrigger::manual);
  load();
  triggers_.fire(sync, JobTrigger::manual);
  manager_.drain();
  triggers_.fire(sync, JobTrigger::manual);

  stop(sync);

  EXPECT_EQ(UnitState::inactive, sync.state);
}

TEST_F(JobTriggersTest, ATriggerWhileAJobWaitsToBeTriedAgainIsServedByThat) {
  UnitRuntime& sync = job_on("sync", JobTrigger::manual);
  sync.unit.job->retries = 1;
  load();
  triggers_.fire(sync, JobTrigger::manual);
  manager_.drain();
  exits(sync, 1);
  ASSERT_EQ(UnitState::backoff, sync.state);

  triggers_.fire(sync, JobTrigger::reload);
  pass(seconds(1));
  exits(sync, 0);

  EXPECT_EQ(UnitState::exited, sync.state);
  EXPECT_EQ(2U, spawned("sync"));
}

TEST_F(JobTriggersTest, RetriesAreCountedForEachTrigger) {
  UnitRuntime& sync = job_on("sync", JobTrigger::manual);
  sync.unit.job->retries = 2;
  load();

  for (int round = 0; round < 2; ++round) {
    triggers_.fire(sync, JobTrigger::manual);
    manager_.drain();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(runs(sync));
      exits(sync, 1);
      pass(seconds(1));
    }
    EXPECT_EQ(UnitState::failed, sync.state);
    EXPECT_EQ(3U, spawned("sync"));
  }
}

TEST_F(JobTriggersTest, AJobThatIsStoppedWhileItWaitsToBeTriedAgainRests) {
  UnitRuntime& sync = job_on("sync", JobTrigger::manual);
  sync.unit.job->retries = 2;
  load();
  triggers_.fire(sync, JobTrigger::manual);
  manager_.drain();
  exits(sync, 1);

  stop(sync);
  pass(hours(1));

  EXPECT_EQ(UnitState::inactive, sync.state);
}

TEST_F(JobTriggersTest, AReloadRunsItsJobsButNotTheOneThatCausedIt) {
  JobSpec spec;
  spec.on = trigger_bit(JobTrigger::boot) | trigger_bit(JobTrigger::reload);
  spec.reload = true;
  UnitRuntime& init = job("init", spec);
  UnitRuntime& sync = job_on("sync", JobTrigger::reload);
  UnitRuntime& boot = job_on("boot", JobTrigger::boot);
  load();

  triggers_.reloaded(&init);
  manager_.drain();
  EXPECT_EQ(UnitState::inactive, init.state);
  EXPECT_TRUE(runs(sync));
  EXPECT_EQ(UnitState::inactive, boot.state);
  triggers_.reloaded(nullptr);
  manager_.drain();

  EXPECT_TRUE(runs(init));
  EXPECT_EQ(UnitState::inactive, boot.state);
}

TEST_F(JobTriggersTest, TwoJobsThatReloadDoNotSetOffEachOtherForEver) {
  JobSpec spec;
  spec.on = trigger_bit(JobTrigger::reload);
  spec.reload = true;
  UnitRuntime& a = job("a", spec);
  UnitRuntime& b = job("b", spec);
  load();
  a.job().run.emplace().trigger = JobTrigger::reload;

  triggers_.reloaded(&a);
  manager_.drain();

  EXPECT_EQ(UnitState::inactive, b.state);
}

TEST_F(JobTriggersTest, ResumeIsWhenTheMachineHasSlept) {
  UnitRuntime& wake = job_on("wake", JobTrigger::resume);
  load();
  EXPECT_TRUE(alarm_.is_set);
  EXPECT_EQ(std::nullopt, alarm_.when);

  clock_.set_wall(clock_.wall_ms() + kHourMs);
  call();
  EXPECT_EQ(UnitState::inactive, wake.state);
  clock_.sleep(seconds(2));
  call();
  EXPECT_TRUE(runs(wake));
  exits(wake, 0);
  call();

  EXPECT_EQ(UnitState::exited, wake.state);
}

TEST_F(JobTriggersTest, NoAlarmIsSetWhereNoJobNeedsOne) {
  job_on("setup", JobTrigger::boot);
  load();

  EXPECT_FALSE(alarm_.is_set);
}

TEST_F(JobTriggersTest, MaintenanceHoldsTimesBackOnceUntilItIsOver) {
  bool maintenance = true;
  triggers_.set_maintenance(
      [&](const UnitRuntime& job) { return maintenance && job.name() != "init"; });
  UnitRuntime& sync = job_every("sync", minutes(1));
  UnitRuntime& init = job_every("init", minutes(1));
  load();

  pass(minutes(1));
  call();
  EXPECT_TRUE(runs(init));
  EXPECT_EQ(UnitState::inactive, sync.state);
  EXPECT_EQ(0U, triggers_.next_run_ms(sync));
  pass(minutes(5));
  call();
  triggers_.release_held();
  manager_.drain();
  EXPECT_EQ(UnitState::inactive, sync.state);
  maintenance = false;
  triggers_.release_held();
  manager_.drain();
  EXPECT_TRUE(runs(sync));
  exits(sync, 0);
  triggers_.release_held();
  manager_.drain();

  EXPECT_EQ(UnitState::exited, sync.state);
}

TEST_F(JobTriggersTest, IdleIsWhenTheLastTenantHasStopped) {
  UnitRuntime& a = add("tenant@a", UnitKind::tenant);
  UnitRuntime& b = add("tenant@b", UnitKind::tenant);
  UnitRuntime& tidy = job_on("tidy", JobTrigger::idle);
  load();
  start(a);
  start(b);

  stop(a);
  EXPECT_EQ(UnitState::inactive, tidy.state);
  actions_.hold(b, Step::clean);
  stop(b);
  EXPECT_EQ(UnitState::inactive, tidy.state);
  actions_.cleaned(b);
  manager_.drain();

  EXPECT_TRUE(runs(tidy));
}

TEST_F(JobTriggersTest, ATenantThatRestartsIsNotIdle) {
  UnitRuntime& a = add("tenant@a", UnitKind::tenant);
  UnitRuntime& tidy = job_on("tidy", JobTrigger::idle);
  load();
  start(a);

  restart(a);

  EXPECT_EQ(UnitState::inactive, tidy.state);
}

TEST_F(JobTriggersTest, AReloadMayChangeTheClockOfAJob) {
  UnitRuntime& sync = job_every("sync", hours(1));
  load();

  sync.unit.job->every = Milliseconds(0);
  sync.unit.job->schedule = *parse_schedule("30 23 * * *");
  triggers_.reloaded(nullptr);

  EXPECT_EQ(1'700'004'600'000U, triggers_.next_run_ms(sync));
}

TEST_F(JobTriggersTest, NothingStartsByTheClockOnceItIsClosed) {
  UnitRuntime& sync = job_every("sync", hours(1));
  load();

  triggers_.close();
  pass(hours(2));
  call();

  EXPECT_EQ(UnitState::inactive, sync.state);
}

}  // namespace
}  // namespace berth
