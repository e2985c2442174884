// The longest way to the end.
#include "units/stop_path.h"

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::vector<std::string> names_of(const StopPath& path) {
  std::vector<std::string> names;
  for (const StopStep& step : path.steps)
    names.push_back(step.unit);
  return names;
}

std::string service(const std::string& stop_timeout, const std::string& unit = "") {
  return "[unit]\n" + unit + "\n[service]\ncommand = \"x\"\nstop_timeout = \"" + stop_timeout +
         "\"\n";
}

using Names = std::vector<std::string>;

TEST(LongestStop, IsNothingWithoutUnits) {
  const StopPath path = longest_stop(Catalog{});

  EXPECT_TRUE(path.steps.empty());
  EXPECT_EQ(Milliseconds(0), path.total);
  EXPECT_TRUE(path.fits(BerthConfig{}));
}

TEST(LongestStop, GoesBackwardsAlongEveryKindOfOrder) {
  const StopPath path = longest_stop(testing::load({{"a.toml", service("1s", "before = [\"b\"]")},
                                                    {"b.toml", service("2s")},
                                                    {"c.toml", service("3s", "requires = [\"b\"]")},
                                                    {"d.toml", service("4s", "wants = [\"c\"]")},
                                                    {"e.toml", service("5s", "after = [\"d\"]")},
                                                    {"alone.toml", service("14s")}}));

  EXPECT_EQ((Names{"e", "d", "c", "b", "a"}), names_of(path));
  EXPECT_EQ(seconds(15), path.total);
  EXPECT_EQ(seconds(15), path.stops);
}

TEST(LongestStop, IsDecidedByTimeRatherThanByTheNumberOfUnits) {
  const StopPath path =
      longest_stop(testing::load({{"a.toml", service("1s")},
                                  {"b.toml", service("1s", "requires = [\"a\"]")},
                                  {"c.toml", service("1s", "requires = [\"b\"]")},
                                  {"slow.toml", service("10s", "requires = [\"a\"]")}}));

  EXPECT_EQ((Names{"slow", "a"}), names_of(path));
}

TEST(LongestStop, CountsWhatComesAfterTheStop) {
  const StopPath path = longest_stop(testing::load(
      {{"a.toml", service("1s") + "after_stop = [{ command = \"x\", timeout = \"2m\" }, \"y\"]"}}));

  EXPECT_EQ((std::vector<StopStep>{{"a", seconds(1), seconds(150)}}), path.steps);
  EXPECT_EQ(seconds(150), path.after_stop);
}

TEST(LongestStop, TakesTenantsThenJobsOfTheEndThenTheRest) {
  const StopPath path = longest_stop(testing::load(
      {{"front.toml", "[proxy]\nlisten = \":80\"\nstop_timeout = \"2s\"\n"},
       {"t@.toml", "[tenant]\ncommand = \"x\"\nstop_timeout = \"1s\"\n"},
       {"i.toml", "[instances.t]\n1 = {}\n2 = {}\n"},
       {"plain.toml", "[job]\ncommand = \"x\"\nstop_timeout = \"1s\"\n"},
       {"save.toml",
        "[job]\ncommand = \"x\"\non = \"shutdown\"\ntimeout = \"1m\"\nretries = 2\n"}}));

  EXPECT_EQ((Names{"t@1", "save", "front"}), names_of(path));
  EXPECT_EQ(minutes(3) + seconds(2), path.steps[1].after);  // two pauses of a second
  EXPECT_EQ(minutes(3) + seconds(3), path.before_rest);
  EXPECT_EQ(minutes(3) + seconds(5), path.total);
}

TEST(LongestStop, LeavesOutStockUnitsThatNothingPullsIn) {
  Catalog catalog = testing::load({{"a.toml", service("1s", "wants = [\"pulled\"]")},
                                   {"pulled.toml", service("1s")},
                                   {"idle.toml", service("1h")}});
  catalog.stock["pulled"] = true;
  catalog.stock["idle"] = true;

  EXPECT_EQ((Names{"a", "pulled"}), names_of(longest_stop(catalog)));
}

TEST(LongestStop, SaysWhatWouldBeEnough) {
  const Catalog catalog =
      testing::load({{"a.toml", service("4s")},
                     {"b.toml", service("6s", "requires = [\"a\"]") + "after_stop = [\"x\"]"}});

  const StopPath path = longest_stop(catalog);

  EXPECT_EQ(seconds(20), path.timeout);  // half of it for all stops
  EXPECT_EQ(seconds(30), path.after_stop);
  BerthConfig config;
  EXPECT_FALSE(path.fits(config));
  config.shutdown_timeout = path.timeout;
  EXPECT_FALSE(path.fits(config));
  config.shutdown_after_stop = path.after_stop;
  EXPECT_TRUE(path.fits(config));
}

TEST(LongestStop, TakesTenThousandUnitsInAChain) {
  Catalog catalog;
  for (int i = 10'000; i < 20'000; ++i) {
    Unit& unit = catalog.units["u" + std::to_string(i)];
    unit.name = *UnitName::parse("u" + std::to_string(i));
    if (i > 10'000)
      unit.info.requires_units = {"u" + std::to_string(i - 1)};
  }

  const StopPath path = longest_stop(catalog);

  EXPECT_EQ(10'000U, path.steps.size());
  EXPECT_EQ(seconds(100'000), path.total);
}

}  // namespace
}  // namespace berth
