// When units got where.
#include "init/timeline.h"

#include <functional>

#include "tests/init/manager_site.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

class TimelineTest : public ManagerTest {
 protected:
  TimelineTest() {
    manager_.set_watcher(
        [this](UnitRuntime& unit, UnitState from) { timeline_.on_state(unit, from); });
  }
  milliseconds since_begun(os::TimePoint time) const {
    return std::chrono::duration_cast<milliseconds>(time - timeline_.begun());
  }
  bool has_booted() const { return timeline_.booted() != os::TimePoint(); }
  void becomes_ready(UnitRuntime& unit) {
    actions_.ready(unit);
    manager_.drain();
  }
  /// They are ready when a test says so.
  void hold(const std::vector<std::reference_wrapper<UnitRuntime>>& units) {
    set_order();
    for (const UnitRuntime& unit : units)
      actions_.hold(unit, Step::spawn);
  }

  Timeline timeline_{clock_};
};

TEST_F(TimelineTest, NotesHowLongAUnitWaitedAndHowLongItTook) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& app = add_requiring("app", "redis");
  hold({redis, app});

  start(app);
  pass(milliseconds(30));
  becomes_ready(redis);
  pass(milliseconds(20));
  becomes_ready(app);

  EXPECT_EQ(milliseconds(0), since_begun(redis.times.begun));
  EXPECT_EQ(milliseconds(30), since_begun(redis.times.up));
  EXPECT_EQ(milliseconds(0), since_begun(app.times.queued));
  EXPECT_EQ(milliseconds(30), since_begun(app.times.begun));
  EXPECT_EQ(milliseconds(50), since_begun(app.times.up));
}

TEST_F(TimelineTest, AJobIsUpWhenItHasSucceeded) {
  UnitRuntime& job = add("initialize", UnitKind::job);
  set_order();

  start(job);
  pass(milliseconds(40));
  EXPECT_EQ(os::TimePoint(), job.times.up);
  EXPECT_FALSE(has_booted());
  exits(job, 0);

  EXPECT_EQ(milliseconds(40), since_begun(job.times.up));
  EXPECT_EQ(milliseconds(40), since_begun(timeline_.booted()));
}

TEST_F(TimelineTest, HasBootedWhenNothingIsOnItsWay) {
  UnitRuntime& one = add("one");
  UnitRuntime& two = add("two");
  hold({one, two});

  start(one);
  start(two);
  becomes_ready(one);
  EXPECT_FALSE(has_booted());
  pass(milliseconds(5));
  becomes_ready(two);
  EXPECT_EQ(milliseconds(5), since_begun(timeline_.booted()));

  pass(milliseconds(5));
  restart(one);
  becomes_ready(one);
  EXPECT_EQ(milliseconds(5), since_begun(timeline_.booted()));
}

TEST_F(TimelineTest, TenantsAreNoPartOfTheBoot) {
  UnitRuntime& redis = add("redis");
  UnitRuntime& tenant = add("tenant@a", UnitKind::tenant);
  hold({redis, tenant});

  start(tenant);
  start(redis);
  becomes_ready(redis);

  EXPECT_TRUE(has_booted());
}

}  // namespace
}  // namespace berth
