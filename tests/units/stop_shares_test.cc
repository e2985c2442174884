// What each of several units may take of the time for stops.
#include "units/stop_shares.h"

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

using std::chrono::seconds;

/// c requires b, which requires a.
class StopSharesTest : public ::testing::Test {
 protected:
  static std::string service(const std::string& stop_timeout, const std::string& required) {
    return "[unit]\nrequires = [" + required + "]\n[service]\ncommand = \"x\"\nstop_timeout = \"" +
           stop_timeout + "\"\n";
  }
  StopSharesTest() {
    for (const auto& [name, unit] : catalog_.units) {
      order_.add(unit);
      units_.push_back(&unit);
    }
    order_.finish();
  }
  Milliseconds share(const char* name, Milliseconds left,
                     Milliseconds then = Milliseconds(0)) const {
    return StopShares(units_, order_, then).share(*catalog_.find(name), left);
  }

  const Catalog catalog_ = testing::load({{"a.toml", service("10s", "")},
                                          {"b.toml", service("2s", "\"a\"")},
                                          {"c.toml", service("8s", "\"b\"")}});
  StartOrder order_;
  std::vector<const Unit*> units_;
};

TEST_F(StopSharesTest, KnowTheLongestWay) {
  EXPECT_EQ(seconds(20), StopShares(units_, order_, seconds(0)).longest());
  EXPECT_EQ(seconds(25), StopShares(units_, order_, seconds(5)).longest());
  EXPECT_EQ(seconds(5), StopShares({}, order_, seconds(5)).longest());
}

TEST_F(StopSharesTest, AreWholeIfTheTimeSuffices) {
  EXPECT_EQ(seconds(8), share("c", seconds(20)));
  EXPECT_EQ(seconds(2), share("b", seconds(12)));
  EXPECT_EQ(seconds(10), share("a", seconds(10)));
}

TEST_F(StopSharesTest, AreHalfOfWhatIsLeftAtLeastButForTheLast) {
  EXPECT_EQ(seconds(5), share("c", seconds(10)));
  EXPECT_EQ(seconds(2), share("b", seconds(5)));
  EXPECT_EQ(seconds(3), share("a", seconds(3)));
  EXPECT_EQ(seconds(1), share("a", seconds(2), seconds(10)));
}

TEST_F(StopSharesTest, AreNothingWhenNoTimeIsLeft) {
  EXPECT_EQ(seconds(0), share("c", seconds(0)));
  EXPECT_EQ(seconds(0), share("a", seconds(-1)));
}

TEST_F(StopSharesTest, OfAUnitThatWasNotCountedAreWhatIsLeft) {
  EXPECT_EQ(seconds(4), StopShares().share(*catalog_.find("c"), seconds(4)));
}

}  // namespace
}  // namespace berth
