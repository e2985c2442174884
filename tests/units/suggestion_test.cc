// "did you mean".
#include "units/suggestion.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(EditDistance, CountsEachKindOfSlipOnce) {
  EXPECT_EQ(0U, edit_distance("command", "command", 3));
  EXPECT_EQ(1U, edit_distance("comand", "command", 3));
  EXPECT_EQ(1U, edit_distance("commmand", "command", 3));
  EXPECT_EQ(1U, edit_distance("commend", "command", 3));
  EXPECT_EQ(1U, edit_distance("commadn", "command", 3));
  EXPECT_EQ(2U, edit_distance("comnad", "command", 3));
  EXPECT_EQ(3U, edit_distance("", "abc", 3));
}

TEST(EditDistance, StopsAtItsLimit) {
  EXPECT_EQ(3U, edit_distance("abcdef", "uvwxyz", 2));
  EXPECT_EQ(2U, edit_distance("a", "abcdef", 1));
}

TEST(Suggestion, IsTheNearestWord) {
  EXPECT_EQ("after_stop", nearest("after_stp", {"after_start", "after_stop"}));
  EXPECT_EQ("; did you mean \"command\"?", did_you_mean("comand", {"ready", "command"}));
}

TEST(Suggestion, IsTheFirstOfEquallyNearOnes) {
  EXPECT_EQ("cat", nearest("bat", {"cat", "hat"}));
}

TEST(Suggestion, IsNoneWhereNothingIsNear) {
  EXPECT_EQ("", did_you_mean("colour", {"ready", "command"}));
  EXPECT_EQ("", did_you_mean("x", {"y"}));
  EXPECT_EQ("", did_you_mean("to", {}));
}

TEST(Suggestion, NeverIsTheWordItself) {
  EXPECT_EQ("", nearest("user", {"user"}));
}

}  // namespace
}  // namespace berth
