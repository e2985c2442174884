// When memory is too much, and what follows.
#include "units/memory_policy.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

constexpr Bytes mega(std::uint64_t count) {
  return Bytes{count << 20};
}

class MemoryPolicy : public testing::Test {
 protected:
  MemoryStep look(Bytes used, std::int64_t second = 0) {
    return judge_memory(unit_, {used, keeps_limit_, Milliseconds{second * 1000}}, record_);
  }

  Unit unit_;
  MemoryRecord record_;
  bool keeps_limit_ = false;
};

TEST_F(MemoryPolicy, KillsOverTheLimitWhereNoCgroupDoes) {
  unit_.memory.limit = mega(64);

  EXPECT_EQ(look(mega(80)), MemoryStep::none);

  keeps_limit_ = true;
  EXPECT_EQ(look(mega(64)), MemoryStep::none);
  EXPECT_EQ(look(mega(65)), MemoryStep::kill);
}

TEST_F(MemoryPolicy, WarnsOnceUntilItHasBeenClearlyBelow) {
  unit_.memory.high = mega(100);

  EXPECT_EQ(look(mega(99)), MemoryStep::none);
  EXPECT_EQ(look(mega(100)), MemoryStep::warn);
  EXPECT_EQ(look(mega(110)), MemoryStep::none);
  EXPECT_EQ(look(mega(95)), MemoryStep::none);
  EXPECT_EQ(look(mega(101)), MemoryStep::none);
  EXPECT_EQ(look(mega(89)), MemoryStep::none);
  EXPECT_EQ(look(mega(101)), MemoryStep::warn);
}

TEST_F(MemoryPolicy, RestartsButNotTwiceInAWindow) {
  unit_.memory.high = mega(100);
  unit_.memory.on_high = OnHigh::restart;
  EXPECT_EQ(look(mega(100), 10), MemoryStep::restart);
  record_ = {false, Milliseconds{10'000}};

  EXPECT_EQ(look(mega(100), 69), MemoryStep::warn);
  EXPECT_EQ(look(mega(100), 69), MemoryStep::none);
  EXPECT_EQ(look(mega(100), 70), MemoryStep::restart);
}

TEST_F(MemoryPolicy, WaitsForATenantOrAServiceToBeIdleButNotForAProxy) {
  unit_.memory.high = mega(100);
  unit_.memory.on_high = OnHigh::restart_when_idle;

  unit_.kind = UnitKind::proxy;
  EXPECT_EQ(look(mega(100)), MemoryStep::restart);

  unit_.kind = UnitKind::service;
  EXPECT_EQ(look(mega(100)), MemoryStep::restart_when_idle);
  unit_.kind = UnitKind::tenant;
  EXPECT_EQ(look(mega(100)), MemoryStep::restart_when_idle);
  EXPECT_EQ(look(mega(100)), MemoryStep::restart_when_idle);  // until it is
}

TEST_F(MemoryPolicy, OnlyWarnsOfAJob) {
  unit_.kind = UnitKind::job;
  unit_.memory.high = mega(100);
  unit_.memory.on_high = OnHigh::restart;

  EXPECT_EQ(look(mega(100)), MemoryStep::warn);
}

TEST_F(MemoryPolicy, HasWordsForIt) {
  EXPECT_EQ(over_words("high", mega(400), mega(412)), "over [memory] high (400M): has 412M");
}

}  // namespace
}  // namespace berth
