// How long a body may take.
#include "proxy/body_pace.h"

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

constexpr Milliseconds kWindow{60'000};
constexpr std::uint64_t kEnough = 30'000;

os::TimePoint at(Milliseconds time) {
  return os::TimePoint() + std::chrono::hours(1) + time;
}

TEST(BodyPace, GivesAnotherWindowToWhoHasSentEnough) {
  BodyPace pace;

  EXPECT_EQ(at(kWindow), pace.deadline(at(Milliseconds(0)), 0, kWindow));
  EXPECT_EQ(at(kWindow), pace.deadline(at(Milliseconds(50'000)), kEnough - 1, kWindow));
  EXPECT_EQ(at(Milliseconds(55'000) + kWindow),
            pace.deadline(at(Milliseconds(55'000)), kEnough, kWindow));
  EXPECT_EQ(at(Milliseconds(55'000) + kWindow),
            pace.deadline(at(Milliseconds(60'000)), kEnough + 1, kWindow));
}

TEST(BodyPace, DoesNotCountTheTimeOfOthers) {
  BodyPace pace;
  pace.deadline(at(Milliseconds(0)), 0, kWindow);
  pace.pause();

  EXPECT_EQ(at(Milliseconds(59'000) + kWindow),
            pace.deadline(at(Milliseconds(59'000)), 1, kWindow));
}

}  // namespace
}  // namespace berth::proxy
