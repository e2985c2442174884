// An optional on the heap.
#include "units/boxed.h"

#include <string>

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(Boxed, HasNothingAtFirst) {
  const Boxed<std::string> none;
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(none, Boxed<std::string>());
  EXPECT_EQ(sizeof(void*), sizeof none);
}

TEST(Boxed, CopiesTheValue) {
  Boxed<std::string> one(std::string("a"));
  const Boxed<std::string> copy = one;
  one->append("b");
  EXPECT_EQ("a", *copy);
  EXPECT_NE(one, copy);
  one = copy;
  EXPECT_EQ(one, copy);
  one = Boxed<std::string>();
  EXPECT_FALSE(one);
  EXPECT_NE(one, copy);
}

TEST(Boxed, MakesItsValueInPlace) {
  Boxed<std::string> text;
  text.emplace(3, 'x') += "y";
  EXPECT_EQ("xxxy", *text);
}

}  // namespace
}  // namespace berth
