// From the last request to the end of the machine, or back.
#include "init/machine_idle.h"

#include "init/os/local_time.h"
#include "tests/init/manager_site.h"

namespace berth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr minutes kTimeout{15};

class MachineIdleTest : public ManagerTest {
 protected:
  MachineIdleTest() {
    manager_.set_observer([this](UnitRuntime& unit) {
      triggers_.on_state(unit);
      idle_.on_state(unit);
    });
    leases_.set_activity([this](const std::string& proxy, const control::Activity& activity) {
      idle_.on_activity(proxy, activity);
    });
    triggers_.set_on_resume([this] {
      happened_.emplace_back("resume");
      idle_.woke();
    });
    triggers_.set_may_sleep([this] { return idle_.may_sleep(); });
    loop_.set_turn_end([this] { manager_.drain(); });
    web_ = &add("web", UnitKind::proxy);
    web_->unit.proxy.emplace();
    web_->unit.proxy->machine_idle.timeout = kTimeout;
    sync_ = &add_job("sync", JobTrigger::idle);
    refresh_ = &add_job("refresh", JobTrigger::resume);
  }

  UnitRuntime& add_job(const std::string& name, JobTrigger why) {
    UnitRuntime& unit = add(name, UnitKind::job);
    unit.unit.job->on = trigger_bit(why);
    return unit;
  }
  UnitRuntime& add_tenant(const std::string& name, StartWhen when = StartWhen::demand) {
    UnitRuntime& unit = add(name, UnitKind::tenant);
    unit.unit.info.start = when;
    unit.unit.tenant->idle_timeout = Milliseconds(0);
    return unit;
  }
  void load(IdleAction action) {
    web_->unit.proxy->machine_idle.action = action;
    set_order();
    triggers_.loaded();
    idle_.loaded();
  }
  /// By a request, so that idleness may stop it.
  void bring_up(UnitRuntime& unit) {
    EXPECT_TRUE(manager_.want_up(unit).has_value());
    manager_.drain();
  }
  void busy() {
    idle_.on_activity("web", {true, {}});
    turn();
  }
  void quiet() {
    idle_.on_activity("web", {false, seconds(1)});
    turn();
  }
  void turn() {
    for (int i = 0; i < 3; ++i)
      pass(Milliseconds(0));
  }
  void wait(std::chrono::milliseconds time) {
    pass(time);
    turn();
  }
  void answer(Result<void> said) {
    std::exchange(done_, nullptr)(std::move(said));
    turn();
  }
  bool is_running(const UnitRuntime& unit) const { return unit.state == kRunning; }

  struct NoAlarm final : os::Alarm {
    void set(std::optional<std::uint64_t>) override {}
  } alarm_;
  os::LocalTime zone_;
  JobTriggers triggers_{{loop_, table_, manager_, logs_, alarm_, zone_}};
  Shutdown shutdown_{loop_, table_, manager_, leases_};
  Words happened_;
  std::string lack_;
  MachineApi::Done done_;
  MachineIdle idle_{{loop_, table_, manager_, leases_, triggers_, shutdown_, logs_},
                    {[this] { return lack_; },
                     [this](const MachineIdleSpec& spec, MachineApi::Done done) {
                       happened_.emplace_back(spec.action == IdleAction::stop ? "stop" : "suspend");
                       done_ = std::move(done);
                     },
                     [this](const std::string& why) { happened_.push_back("exit: " + why); }}};
  UnitRuntime* web_ = nullptr;
  UnitRuntime* sync_ = nullptr;
  UnitRuntime* refresh_ = nullptr;
};

TEST_F(MachineIdleTest, RunsTheJobsAndExits) {
  load(IdleAction::exit);

  wait(kTimeout - seconds(1));
  EXPECT_EQ(UnitState::inactive, sync_->state);
  wait(seconds(1));
  EXPECT_TRUE(is_running(*sync_));
  EXPECT_EQ(Words{}, happened_);
  exits(*sync_, 0);
  turn();

  EXPECT_EQ(Words{"exit: no request for 15m"}, happened_);
}

TEST_F(MachineIdleTest, CountsFromTheLastRequestOfAllProxies) {
  load(IdleAction::exit);
  busy();
  wait(2 * kTimeout);
  EXPECT_EQ(UnitState::inactive, sync_->state);

  idle_.on_activity("other", {true, {}});
  quiet();
  wait(2 * kTimeout);
  EXPECT_EQ(UnitState::inactive, sync_->state);
  idle_.on_activity("other", {false, seconds(30)});
  wait(kTimeout - seconds(31));
  EXPECT_EQ(UnitState::inactive, sync_->state);
  wait(seconds(1));

  EXPECT_TRUE(is_running(*sync_));
}

TEST_F(MachineIdleTest, AProxyThatHasEndedIsNotUsed) {
  load(IdleAction::exit);
  busy();

  leases_.on_disconnected("web");
  wait(kTimeout);

  EXPECT_TRUE(is_running(*sync_));
}

TEST_F(MachineIdleTest, StopsTenantsBeforeTheJobsRun) {
  UnitRuntime& boston = add_tenant("app@boston");
  load(IdleAction::exit);
  bring_up(boston);
  actions_.hold(boston, Step::clean);

  wait(kTimeout);
  EXPECT_EQ(UnitState::cleaning, boston.state);
  EXPECT_EQ(UnitState::inactive, sync_->state);
  actions_.cleaned(boston);
  turn();

  EXPECT_TRUE(is_running(*sync_));
}

TEST_F(MachineIdleTest, ATenantThatWasStartedByHandKeepsTheMachineUp) {
  UnitRuntime& boston = add_tenant("app@boston");
  load(IdleAction::exit);
  start(boston);

  wait(kTimeout);
  wait(kTimeout);
  EXPECT_EQ(UnitState::inactive, sync_->state);
  EXPECT_TRUE(is_running(boston));
  stop(boston);
  wait(kTimeout);

  EXPECT_TRUE(is_running(*sync_));
}

TEST_F(MachineIdleTest, ARequestCancelsIt) {
  UnitRuntime& warm = add_tenant("app@warm", StartWhen::boot);
  load(IdleAction::suspend);
  bring_up(warm);
  wait(kTimeout);
  EXPECT_TRUE(is_running(*sync_));
  EXPECT_FALSE(is_running(warm));

  busy();
  EXPECT_TRUE(is_running(warm));
  exits(*sync_, 0);
  turn();
  EXPECT_EQ(Words{}, happened_);
  quiet();
  wait(kTimeout);
  exits(*sync_, 0);
  turn();

  EXPECT_EQ(Words{"suspend"}, happened_);
}

TEST_F(MachineIdleTest, WaitsForEveryJobAndTakesAFailureForAnEnd) {
  UnitRuntime& backup = add_job("backup", JobTrigger::manual);
  load(IdleAction::stop);
  start(backup);
  wait(kTimeout);
  exits(*sync_, 1);
  turn();
  EXPECT_EQ(Words{}, happened_);

  exits(backup, 0);
  turn();

  EXPECT_EQ(Words{"stop"}, happened_);
}

TEST_F(MachineIdleTest, TriesAgainWhenTheApiRefuses) {
  load(IdleAction::stop);
  wait(kTimeout);
  exits(*sync_, 0);
  turn();
  answer(Error{ErrorCode::invalid, "the answer is 403 Forbidden"});
  EXPECT_EQ(Words{"stop"}, happened_);
  wait(kTimeout);
  exits(*sync_, 0);
  turn();
  EXPECT_EQ((Words{"stop", "stop"}), happened_);

  answer({});
  wait(kTimeout);
  exits(*sync_, 0);
  turn();

  EXPECT_EQ((Words{"stop", "stop", "stop"}), happened_);
}

TEST_F(MachineIdleTest, TheFirstRequestAfterASuspensionEndsTheSleep) {
  load(IdleAction::suspend);
  wait(kTimeout);
  exits(*sync_, 0);
  turn();
  answer({});
  EXPECT_TRUE(idle_.may_sleep());

  busy();

  EXPECT_EQ((Words{"suspend", "resume"}), happened_);
  EXPECT_TRUE(is_running(*refresh_));
  EXPECT_FALSE(idle_.may_sleep());
}

TEST_F(MachineIdleTest, ARequestBeforeTheAnswerMayHaveWokenTheMachine) {
  load(IdleAction::suspend);
  wait(kTimeout);
  exits(*sync_, 0);
  turn();

  busy();
  answer(Error{ErrorCode::unavailable, "too late"});
  quiet();

  EXPECT_EQ((Words{"suspend", "resume"}), happened_);
  wait(kTimeout - seconds(1));
  EXPECT_EQ(UnitState::exited, sync_->state);
  wait(seconds(1));
  EXPECT_TRUE(is_running(*sync_));
}

TEST_F(MachineIdleTest, AClockThatWasSetEndsASleepThatWasAskedFor) {
  load(IdleAction::suspend);
  clock_.set_wall(clock_.wall_ms() + 3'600'000);
  triggers_.on_alarm();
  turn();
  EXPECT_EQ(UnitState::inactive, refresh_->state);
  wait(kTimeout);
  exits(*sync_, 0);
  turn();
  answer({});

  clock_.set_wall(clock_.wall_ms() + 3'600'000);
  triggers_.on_alarm();
  turn();

  EXPECT_EQ((Words{"suspend", "resume"}), happened_);
  EXPECT_TRUE(is_running(*refresh_));
}

TEST_F(MachineIdleTest, RunsTheJobsOnceIfThatIsAll) {
  load(IdleAction::none);
  wait(kTimeout);
  exits(*sync_, 0);
  turn();
  wait(3 * kTimeout);
  EXPECT_EQ(UnitState::exited, sync_->state);

  busy();
  quiet();
  wait(kTimeout);

  EXPECT_TRUE(is_running(*sync_));
  EXPECT_EQ(Words{}, happened_);
}

TEST_F(MachineIdleTest, RunsTheJobsAloneWhereThereIsNoApi) {
  lack_ = "FLY_APP_NAME is not set";
  load(IdleAction::suspend);
  wait(kTimeout);
  exits(*sync_, 0);
  turn();

  EXPECT_EQ(Words{}, happened_);
  EXPECT_FALSE(idle_.may_sleep());
}

TEST_F(MachineIdleTest, TheLastTenantIsNoReasonThen) {
  UnitRuntime& boston = add_tenant("app@boston");
  load(IdleAction::none);
  bring_up(boston);

  stop(boston);
  turn();

  EXPECT_EQ(UnitState::inactive, sync_->state);
}

TEST_F(MachineIdleTest, AReloadTakesItAway) {
  load(IdleAction::exit);
  wait(kTimeout - seconds(1));

  web_->unit.proxy->machine_idle.timeout = Milliseconds(0);
  idle_.loaded();
  wait(kTimeout);

  EXPECT_EQ(UnitState::inactive, sync_->state);
}

}  // namespace
}  // namespace berth
