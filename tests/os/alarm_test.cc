// A timer of the wall clock.
#include "init/os/alarm.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "init/os/local_time.h"

namespace berth::os {
namespace {

using namespace std::chrono_literals;

class WallAlarmTest : public testing::Test {
 protected:
  SystemClock clock_;
  EventLoop loop_{clock_};
  int calls_ = 0;
  WallAlarm alarm_{loop_, [this] { ++calls_; }};
};

TEST_F(WallAlarmTest, CallsAtItsTimeOfTheWallClock) {
  const std::uint64_t when = clock_.wall_ms() + 30;
  alarm_.set(when);

  while (calls_ == 0)
    loop_.run_once(5s);

  EXPECT_GE(clock_.wall_ms(), when);
  loop_.run_once(0ms);
  EXPECT_EQ(calls_, 1);
}

TEST_F(WallAlarmTest, CallsAtOnceForATimeThatHasPassed) {
  alarm_.set(1'000);

  loop_.run_once(5s);

  EXPECT_EQ(calls_, 1);
}

TEST_F(WallAlarmTest, ALaterCallTakesThePlaceOfTheOneBefore) {
  alarm_.set(clock_.wall_ms() + 1);
  alarm_.set(std::nullopt);

  loop_.run_once(20ms);

  EXPECT_EQ(calls_, 0);
}

TEST(LocalTime, KnowsTheZoneOfTheEnvironment) {
  ::setenv("TZ", "XYZ-5:30", 1);
  ::tzset();
  const LocalTime zone;

  EXPECT_EQ(zone.offset_at(1'700'000'000), 5 * 3'600 + 30 * 60);

  ::unsetenv("TZ");
  ::tzset();
}

TEST(SystemClock, HasSleptNoLessThanNotAtAll) {
  const SystemClock clock;

  EXPECT_GE(clock.slept(), -1ms);
}

}  // namespace
}  // namespace berth::os
