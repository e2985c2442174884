// Deadlines.
#include "proxy/timer_wheel.h"

#include <vector>

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Probe final : public TimerNode {
 public:
  void on_timer() noexcept override { ++calls; }
  int calls = 0;
};

class TimerWheelTest : public testing::Test {
 protected:
  os::TimePoint start{seconds(1000)};
  TimerWheel wheel{start};
  Probe probe;
};

TEST_F(TimerWheelTest, NeverCallsEarlyAndAtMostATickLate) {
  for (const milliseconds delay : {milliseconds(1), milliseconds(50), milliseconds(120),
                                   milliseconds(9'999), milliseconds(60'000)}) {
    TimerWheel fresh(start);
    Probe each;
    fresh.arm(each, start + delay);

    for (os::TimePoint now = start; now < start + delay; now += milliseconds(7))
      fresh.advance(now);
    EXPECT_EQ(each.calls, 0) << delay.count();
    fresh.advance(start + delay + TimerWheel::kTick);
    EXPECT_EQ(each.calls, 1) << delay.count();
    EXPECT_FALSE(each.is_armed());
  }
}

TEST_F(TimerWheelTest, FollowsADeadlineThatMoves) {
  wheel.arm(probe, start + seconds(1));
  wheel.arm(probe, start + seconds(5));
  wheel.advance(start + seconds(4));
  EXPECT_EQ(probe.calls, 0);

  wheel.arm(probe, start + milliseconds(4100));
  wheel.advance(start + milliseconds(4200));
  EXPECT_EQ(probe.calls, 1);
}

TEST_F(TimerWheelTest, ForgetsWhatIsDisarmedOrDead) {
  wheel.arm(probe, start + seconds(1));
  wheel.disarm(probe);
  {
    Probe dead;
    wheel.arm(dead, start + seconds(1));
  }

  wheel.advance(start + seconds(2));

  EXPECT_EQ(probe.calls, 0);
}

TEST_F(TimerWheelTest, CatchesUpAfterALongSleep) {
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 1; i <= 100; ++i) {
    probes.push_back(std::make_unique<Probe>());
    wheel.arm(*probes.back(), start + seconds(i));
  }

  wheel.advance(start + seconds(101));

  for (const auto& each : probes)
    EXPECT_EQ(each->calls, 1);
  EXPECT_FALSE(wheel.next_due().has_value());
}

TEST_F(TimerWheelTest, SaysWhenItIsNeeded) {
  EXPECT_FALSE(wheel.next_due().has_value());

  wheel.arm(probe, start + seconds(3));

  ASSERT_TRUE(wheel.next_due().has_value());
  EXPECT_GE(*wheel.next_due(), start + seconds(3));
  EXPECT_LE(*wheel.next_due(), start + seconds(3) + TimerWheel::kTick);
}

class Killer final : public TimerNode {
 public:
  explicit Killer(std::unique_ptr<Probe>& victim) : victim_(victim) {}
  void on_timer() noexcept override { victim_.reset(); }

 private:
  std::unique_ptr<Probe>& victim_;
};

TEST_F(TimerWheelTest, SurvivesACallbackThatDestroysItsNeighbour) {
  auto victim = std::make_unique<Probe>();
  Killer killer(victim);
  wheel.arm(killer, start + seconds(1));
  wheel.arm(*victim, start + seconds(1));

  wheel.advance(start + seconds(2));

  EXPECT_EQ(victim, nullptr);
}

}  // namespace
}  // namespace berth::proxy
