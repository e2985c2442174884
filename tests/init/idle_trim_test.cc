// Memory goes back when nothing happens, and only then.
#include "init/idle_trim.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

class Trimming : public ::testing::Test {
 protected:
  Trimming() {
    loop_.set_turn_end([this] { trim_.after_turn(); });
  }
  /// Something happens `later`.
  void event(milliseconds later) {
    clock_.advance(later);
    loop_.after(milliseconds(0), [] {});
    loop_.run_once(milliseconds(0));
  }
  /// Time goes by until a timer of the trim's own is due.
  void quiet(milliseconds time) {
    clock_.advance(time);
    loop_.run_once(milliseconds(0));
  }

  FakeClock clock_;
  os::EventLoop loop_{clock_};
  int trims_ = 0;
  IdleTrim trim_{loop_, [this] { ++trims_; }};
};

TEST_F(Trimming, HappensOnceAfterHalfASecondOfQuiet) {
  event(milliseconds(0));
  EXPECT_EQ(0, trims_);

  quiet(milliseconds(500));

  EXPECT_EQ(1, trims_);
}

TEST_F(Trimming, WaitsWhileThingsHappen) {
  event(milliseconds(0));
  event(milliseconds(300));

  quiet(milliseconds(200));
  EXPECT_EQ(0, trims_) << "300 ms ago something happened";
  quiet(milliseconds(300));
  EXPECT_EQ(1, trims_);
}

TEST_F(Trimming, HappensAgainOnlyAfterAnotherEvent) {
  event(milliseconds(0));
  quiet(milliseconds(500));
  ASSERT_EQ(1, trims_);

  event(milliseconds(10'000));
  EXPECT_EQ(1, trims_);
  quiet(milliseconds(500));
  EXPECT_EQ(2, trims_);
}

}  // namespace
}  // namespace berth
