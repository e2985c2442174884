// The order of the end, and its time.
#include "init/shutdown.h"

#include "tests/init/manager_site.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

class ShutdownTest : public ManagerTest {
 protected:
  ShutdownTest() {
    manager_.set_observer([this](UnitRuntime&) { shutdown_.on_state(); });
    loop_.set_turn_end([this] { manager_.drain(); });
  }
  void request() {
    shutdown_.request(BerthConfig(), "SIGTERM");
    manager_.drain();
  }

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

  EXPECT_EQ((Words{"stop within 2s250ms", "terminate tenant@boston", "clean tenant@boston",
                   "terminate app", "clean app", "terminate redis", "clean redis"}),
            actions_.take());
  EXPECT_EQ(0, shutdown_.exit_status());
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
