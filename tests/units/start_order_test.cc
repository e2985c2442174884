// Who waits for whom.
#include "units/start_order.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace berth {
namespace {

using Names = std::vector<std::string>;

Unit unit(const std::string& name, Names requires_units = {}, Names wants = {}, Names after = {},
          Names before = {}) {
  Unit made;
  made.name = *UnitName::parse(name);
  made.info.requires_units = std::move(requires_units);
  made.info.wants = std::move(wants);
  made.info.after = std::move(after);
  made.info.before = std::move(before);
  return made;
}

StartOrder order_of(const std::vector<Unit>& units) {
  StartOrder order;
  for (const Unit& each : units)
    order.add(each);
  order.finish();
  return order;
}

Names names(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

TEST(StartOrder, EachDependencyIsListedOnceWithItsStrongestBond) {
  const StartOrder order = order_of({unit("redis"), unit("app", {"redis"}, {}, {"redis"})});

  const auto& waits = order.waits_for("app");

  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].unit, "redis");
  EXPECT_EQ(waits[0].bond, Bond::requires_it);
}

TEST(StartOrder, BeforeIsAfterTurnedRound) {
  const StartOrder order = order_of({unit("first", {}, {}, {}, {"second"}), unit("second")});

  ASSERT_EQ(order.waits_for("second").size(), 1U);
  EXPECT_EQ(order.waits_for("second")[0].unit, "first");
  EXPECT_EQ(order.waits_for("second")[0].bond, Bond::after);
}

TEST(StartOrder, TheReverseDirectionTellsWhoStopsFirst) {
  const StartOrder order =
      order_of({unit("redis"), unit("app", {"redis"}), unit("page", {}, {"redis"})});

  Names later;
  for (const Dependency& dependent : order.waited_for_by("redis"))
    later.emplace_back(dependent.unit);

  EXPECT_EQ(later, (Names{"app", "page"}));
}

TEST(StartOrder, PullsInWhatItRequiresAndWantsDependenciesFirst) {
  const StartOrder order =
      order_of({unit("a", {"b"}, {"c"}, {"x"}), unit("b", {"d"}), unit("c"), unit("d"), unit("x")});

  EXPECT_EQ(names(order.pulled_in_by({"a"})), (Names{"d", "b", "c", "a"}));
}

TEST(StartOrder, NamesWhatSeveralPullInOnce) {
  const StartOrder order =
      order_of({unit("a", {"b"}), unit("b", {"c"}), unit("c"), unit("d", {"b"})});

  EXPECT_EQ(names(order.pulled_in_by({"d", "a", "c"})), (Names{"c", "b", "d", "a"}));
}

TEST(StartOrder, BringsDownOnlyWhatRequiresIt) {
  const StartOrder order = order_of({unit("redis"), unit("cable", {"redis"}),
                                     unit("tenant", {"cable"}), unit("wanting", {}, {"redis"})});

  Names down = names(order.brought_down_by("redis"));
  std::sort(down.begin(), down.end());

  EXPECT_EQ(down, (Names{"cable", "tenant"}));
}

TEST(StartOrder, BringsDownWhatIsPartOfItOrOfWhatRequiresIt) {
  Unit part = unit("part");
  part.info.part_of = {"app"};
  const StartOrder order = order_of({unit("redis"), unit("app", {"redis"}), part});

  EXPECT_EQ(names(order.brought_down_by("redis")), (Names{"app", "part"}));
  EXPECT_EQ(names(order.parts_of("redis")), Names{});
  EXPECT_EQ(names(order.parts_of("app")), Names{"part"});
  EXPECT_TRUE(order.waits_for("part").empty()) << "it orders nothing";
}

TEST(StartOrder, PartsOfEachOtherAreCountedOnce) {
  Unit a = unit("a"), b = unit("b");
  a.info.part_of = {"b"};
  b.info.part_of = {"a"};
  const StartOrder order = order_of({a, b});

  EXPECT_EQ(names(order.parts_of("a")), Names{"b"});
  EXPECT_EQ(names(order.brought_down_by("b")), Names{"a"});
}

TEST(StartOrder, ConflictsGoBothWaysAndCountOnce) {
  Unit a = unit("a"), b = unit("b");
  a.info.conflicts = {"b"};
  b.info.conflicts = {"a"};
  const StartOrder order = order_of({a, b, unit("c")});

  EXPECT_EQ(names(order.in_conflict_with("a")), Names{"b"});
  EXPECT_EQ(names(order.in_conflict_with("b")), Names{"a"});
  EXPECT_TRUE(order.in_conflict_with("c").empty());
}

TEST(StartOrder, KnowsNothingOfUnitsThatAreNotThere) {
  const StartOrder order = order_of({unit("a")});

  EXPECT_TRUE(order.waits_for("nobody").empty());
  EXPECT_TRUE(order.waited_for_by("nobody").empty());
  EXPECT_EQ(names(order.pulled_in_by({"nobody"})), (Names{"nobody"}));
}

}  // namespace
}  // namespace berth
