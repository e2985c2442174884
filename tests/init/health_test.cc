// Health probes and watchdogs, with time that only the test moves.
#include "init/health.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/init/temp_folder.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

class HealthTest : public testing::Test {
 protected:
  HealthTest() {
    check_.way = ProbeSpec::Way::file;
    check_.path = folder_.path() + "/well";
    check_.interval = milliseconds(100);
    loop_.run_once(milliseconds(0));
  }

  void start() {
    probe_ = std::make_unique<HealthProbe>(
        loop_, check_, Address{}, CommandRunner{reaper_, nullptr},
        [this](std::uint32_t in_a_row, const std::string&) { told_.push_back(in_a_row); });
  }
  void is_well() { std::ofstream(check_.path) << "well"; }
  void is_unwell() { std::filesystem::remove(check_.path); }
  void pass(milliseconds time) {
    clock_.advance(time);
    loop_.run_once(milliseconds(0));
  }

  TempFolder folder_;
  FakeClock clock_;
  os::EventLoop loop_{clock_};
  Reaper reaper_;
  HealthCheck check_;
  std::vector<std::uint32_t> told_;
  std::unique_ptr<HealthProbe> probe_;
};

using Told = std::vector<std::uint32_t>;

TEST_F(HealthTest, AsksForTheFirstTimeAfterOneInterval) {
  start();
  pass(milliseconds(99));
  EXPECT_EQ(Told{}, told_);

  pass(milliseconds(1));

  EXPECT_EQ(Told{1}, told_);
}

TEST_F(HealthTest, CountsFailuresInARow) {
  start();
  pass(milliseconds(100));
  pass(milliseconds(100));
  is_well();
  pass(milliseconds(100));
  pass(milliseconds(100));
  is_unwell();
  pass(milliseconds(100));

  EXPECT_EQ((Told{1, 2, 0, 1}), told_) << "who is well as before is not spoken of";
}

TEST_F(HealthTest, MayBeDestroyedWhenItTells) {
  probe_ = std::make_unique<HealthProbe>(loop_, check_, Address{}, CommandRunner{reaper_, nullptr},
                                         [this](std::uint32_t in_a_row, const std::string&) {
                                           told_.push_back(in_a_row);
                                           probe_.reset();
                                         });
  pass(milliseconds(100));
  pass(milliseconds(100));

  EXPECT_EQ(Told{1}, told_);
}

class WatchdogTest : public HealthTest {
 protected:
  void watch() {
    watchdog_ = std::make_unique<Watchdog>(loop_, milliseconds(100), [this] {
      ++missed_;
      watchdog_.reset();
    });
  }
  std::unique_ptr<Watchdog> watchdog_;
  int missed_ = 0;
};

TEST_F(WatchdogTest, IsMissedOnceWhenAnIntervalIsOver) {
  watch();
  pass(milliseconds(99));
  EXPECT_EQ(0, missed_);

  pass(milliseconds(1));
  pass(milliseconds(1000));

  EXPECT_EQ(1, missed_);
}

TEST_F(WatchdogTest, EachSignOfLifeBeginsTheIntervalAnew) {
  watch();
  for (int i = 0; i < 10; ++i) {
    pass(milliseconds(99));
    watchdog_->alive();
  }
  EXPECT_EQ(0, missed_);

  pass(milliseconds(99));
  EXPECT_EQ(0, missed_);
  pass(milliseconds(1));

  EXPECT_EQ(1, missed_);
}

TEST_F(WatchdogTest, TakesAnotherInterval) {
  watch();
  watchdog_->set_interval(milliseconds(500));
  pass(milliseconds(499));
  EXPECT_EQ(0, missed_);
  watchdog_->set_interval(milliseconds(10));
  pass(milliseconds(10));

  EXPECT_EQ(1, missed_);
}

}  // namespace
}  // namespace berth
