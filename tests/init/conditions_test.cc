// Conditions of the environment; those of paths are asked in tests/system/graph_test.py.
#include "init/conditions.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

using Environment = std::map<std::string, std::string>;

std::optional<std::string> unmet(std::map<std::string, std::optional<std::string>> wanted,
                                 const Environment& environment) {
  StartCondition condition;
  condition.env = std::move(wanted);
  return unmet_by_environment(condition, environment);
}

TEST(Conditions, HoldWhereNothingIsAsked) {
  EXPECT_EQ(std::nullopt, unmet({}, {}));
}

TEST(Conditions, WantAVariableThatIsSetAndNotEmpty) {
  EXPECT_EQ("VECTOR is not set", unmet({{"VECTOR", std::nullopt}}, {}));
  EXPECT_EQ("VECTOR is not set", unmet({{"VECTOR", std::nullopt}}, {{"VECTOR", ""}}));
  EXPECT_EQ(std::nullopt, unmet({{"VECTOR", std::nullopt}}, {{"VECTOR", "1"}}));
}

TEST(Conditions, WantTheValueThatIsNamed) {
  EXPECT_EQ("MODE is not set", unmet({{"MODE", "fast"}}, {}));
  EXPECT_EQ("MODE is not \"fast\"", unmet({{"MODE", "fast"}}, {{"MODE", "slow"}}));
  EXPECT_EQ(std::nullopt, unmet({{"MODE", "fast"}}, {{"MODE", "fast"}}));
  EXPECT_EQ(std::nullopt, unmet({{"MODE", ""}}, {{"MODE", ""}}));
}

TEST(Conditions, WantAllOfSeveral) {
  EXPECT_EQ("B is not set", unmet({{"A", std::nullopt}, {"B", "2"}}, {{"A", "1"}}));
}

}  // namespace
}  // namespace berth
