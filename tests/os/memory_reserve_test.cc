// The reserve of memory: what happens when `new` finds none.
#include "init/os/memory_reserve.h"

#include <new>

#include <gtest/gtest.h>

namespace berth::os {
namespace {

TEST(MemoryReserve, IsSpentOnceBeforeNewGivesUp) {
  const MemoryReserve reserve;
  ASSERT_FALSE(is_memory_short());

  const std::new_handler handler = std::get_new_handler();

  EXPECT_NO_THROW(handler());
  EXPECT_TRUE(is_memory_short());
  EXPECT_THROW(handler(), std::bad_alloc);
}

TEST(MemoryReserve, IsThereAgainAfterARefill) {
  const MemoryReserve reserve;
  std::get_new_handler()();

  EXPECT_TRUE(MemoryReserve::refill());

  EXPECT_FALSE(is_memory_short());
  EXPECT_NO_THROW(std::get_new_handler()());
}

TEST(MemoryReserve, LeavesNoHandlerBehind) {
  { const MemoryReserve reserve; }

  EXPECT_EQ(nullptr, std::get_new_handler());
  EXPECT_FALSE(is_memory_short());
}

}  // namespace
}  // namespace berth::os
