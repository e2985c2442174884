// The table of units and its queue of events.
#include "init/unit_table.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

Unit named(const std::string& name) {
  Unit unit;
  unit.name = *UnitName::parse(name);
  return unit;
}

TEST(UnitTable, FindsUnitsByName) {
  UnitTable table;
  UnitRuntime& redis = table.add(named("redis"));

  EXPECT_EQ(&redis, table.find("redis"));
  EXPECT_EQ(nullptr, table.find("cable"));
}

TEST(UnitTable, NeverGivesANumberAgain) {
  UnitTable table;
  const std::uint32_t first = table.add(named("redis")).index;
  table.remove("redis");

  EXPECT_NE(first, table.add(named("redis")).index);
}

TEST(UnitTable, NeverGivesAnEpochAgain) {
  UnitTable table;
  const std::uint64_t first = table.next_epoch();

  EXPECT_LT(first, table.next_epoch());
}

TEST(UnitTable, HandsOutEventsInTheirOrder) {
  UnitTable table;
  UnitRuntime& redis = table.add(named("redis"));
  UnitRuntime& cable = table.add(named("cable"));
  table.post(redis, UnitEvent::start);
  table.post(cable, UnitEvent::stop);

  const auto first = table.take();
  const auto second = table.take();

  EXPECT_EQ(&redis, first.unit);
  EXPECT_EQ(UnitEvent::start, first.event);
  EXPECT_EQ(&cable, second.unit);
  EXPECT_EQ(UnitEvent::stop, second.event);
  EXPECT_EQ(nullptr, table.take().unit);
}

TEST(UnitTable, TakesBackWhatIsPostedOfOneUnitAndOneKind) {
  UnitTable table;
  UnitRuntime& redis = table.add(named("redis"));
  UnitRuntime& cable = table.add(named("cable"));
  table.post(redis, UnitEvent::start);
  table.post(cable, UnitEvent::start);
  table.post(redis, UnitEvent::stop);

  EXPECT_TRUE(table.retract(redis, UnitEvent::start));
  EXPECT_FALSE(table.retract(redis, UnitEvent::start));
  EXPECT_FALSE(table.retract(redis, UnitEvent::timeout));

  EXPECT_EQ(&cable, table.take().unit);
  EXPECT_EQ(UnitEvent::stop, table.take().event);
  EXPECT_FALSE(table.retract(redis, UnitEvent::stop));
  EXPECT_EQ(nullptr, table.take().unit);
}

TEST(UnitTable, KnowsTheMainUnit) {
  UnitTable table;
  table.add(named("cable"));
  EXPECT_EQ(nullptr, table.main_unit());
  Unit app = named("app");
  app.info.main = true;
  UnitRuntime& added = table.add(app);

  EXPECT_EQ(&added, table.main_unit());
  added.removed = true;
  EXPECT_EQ(nullptr, table.main_unit());
}

TEST(UnitTable, DropsTheEventsOfARemovedUnit) {
  UnitTable table;
  UnitRuntime& redis = table.add(named("redis"));
  UnitRuntime& cable = table.add(named("cable"));
  table.post(redis, UnitEvent::start);
  table.post(cable, UnitEvent::start);
  table.post(redis, UnitEvent::stop);

  table.remove("redis");
  table.remove("nobody");

  EXPECT_EQ(&cable, table.take().unit);
  EXPECT_EQ(nullptr, table.take().unit);
}

}  // namespace
}  // namespace berth
