// Random starts, stops and restarts over random graphs, while lives go well and badly: PID 1 must
// keep its invariants and come to rest.
#include <algorithm>
#include <random>

#include "tests/init/manager_site.h"

namespace berth {
namespace {

constexpr int kUnits = 8;
constexpr std::size_t kRounds = 10'000;
constexpr int kStepsARound = 40;
constexpr int kRoundsToRest = 100;

/// One small world a round; an order that the world gives is carried out when the storm wants it.
class ManagerStormTest : public ManagerTest {
 protected:
  std::size_t pick(std::size_t below) { return random_() % below; }
  UnitRuntime& any_unit() { return *table_.find("unit-" + std::to_string(pick(kUnits))); }

  /// A graph without a cycle: a unit depends on earlier ones only.
  void build(unsigned seed) {
    random_.seed(seed);
    for (std::size_t i = 0; i < kUnits; ++i) {
      UnitRuntime& unit =
          add("unit-" + std::to_string(i), pick(4) == 0 ? UnitKind::job : UnitKind::service);
      unit.unit.service.restart = static_cast<Restart>(pick(3));
      for (std::size_t earlier = 0; earlier < i; ++earlier)
        depend(unit.unit.info, "unit-" + std::to_string(earlier));
      for (const Step step : {Step::prepare, Step::spawn, Step::terminate, Step::kill, Step::clean})
        actions_.hold(unit, step);
    }
    forget_impossible_conflicts();
    set_order();
  }
  /// Those of units that one unit pulls in: no such unit is ever loaded.
  void forget_impossible_conflicts() {
    StartOrder order;
    for (const auto& [name, unit] : table_.all())
      order.add(unit->unit);
    order.finish();
    for (const auto& [name, unit] : table_.all())
      for (const std::string_view one : order.pulled_in_by({name}))
        for (const std::string_view two : order.pulled_in_by({name}))
          std::erase(table_.find(one)->unit.info.conflicts, two);
  }
  void depend(UnitInfo& info, const std::string& earlier) {
    switch (pick(12)) {
      case 0:
        return info.requires_units.push_back(earlier);
      case 1:
        return info.wants.push_back(earlier);
      case 2:
        return info.after.push_back(earlier);
      case 3:
        return info.part_of.push_back(earlier);
      case 4:
        return info.conflicts.push_back(earlier);
      case 5:
        return info.on_failure.push_back(earlier);
      default:
        return;
    }
  }

  void order_something() {
    UnitRuntime& unit = any_unit();
    switch (pick(3)) {
      case 0:
        EXPECT_TRUE(manager_.start(unit).has_value());
        break;
      case 1:
        EXPECT_TRUE(manager_.restart(unit).has_value());
        break;
      default:
        manager_.stop(unit);
    }
  }

  /// Within one turn of the loop.
  void order_some_things() {
    for (std::size_t left = 1 + pick(3); left > 0; --left)
      order_something();
  }

  /// What may come next in the life of a unit, if anything.
  void live(UnitRuntime& unit, bool well) {
    switch (unit.state) {
      case UnitState::preparing:
        if (pick(8) == 0)
          return actions_.skips(unit, "no such path");
        return well ? actions_.prepared(unit) : actions_.cannot_start(unit, "no folder");
      case UnitState::starting:
        return well ? actions_.ready(unit) : fail_to_become_ready(unit);
      case UnitState::running:
        return well && !unit.is_job() ? void() : actions_.exits(unit, well ? 0 : 1);
      case UnitState::stopping:
        return well ? end_at_the_last_moment(unit) : actions_.deadline_passes(unit);
      case UnitState::killing:
        return actions_.exits(unit, 137);
      case UnitState::cleaning:
        return actions_.cleaned(unit);
      default:
        return;
    }
  }
  void end_at_the_last_moment(UnitRuntime& unit) {
    actions_.exits(unit, 0);
    if (pick(4) == 0)
      actions_.deadline_passes(unit);
  }
  void fail_to_become_ready(UnitRuntime& unit) {
    switch (pick(3)) {
      case 0:
        return actions_.exits(unit, 1);
      case 1:
        return actions_.cannot_start(unit, "no such program");
      default:
        return actions_.deadline_passes(unit);
    }
  }

  void check() {
    EXPECT_EQ(Words{}, actions_.contradictions());
    for (const auto& [name, unit] : table_.all()) {
      EXPECT_EQ(is_alive(unit->state), actions_.has_process(*unit))
          << name << " is " << to_string(unit->state);
      EXPECT_FALSE(unit->stop_pending && is_at_rest(unit->state)) << name;
    }
  }
  void storm() {
    for (int i = 0; i < kStepsARound && !HasFailure(); ++i) {
      if (pick(3) == 0)
        order_some_things();
      else
        live(any_unit(), pick(4) != 0);
      manager_.drain();
      if (pick(8) == 0)
        pass(std::chrono::seconds(1));
      check();
    }
  }
  static bool is_settled(const UnitRuntime& unit) {
    return is_at_rest(unit.state) ||
           (unit.state == UnitState::running && !unit.is_job() && unit.wanted_up);
  }
  bool all_settled() const {
    return std::all_of(table_.all().begin(), table_.all().end(),
                       [](const auto& entry) { return is_settled(*entry.second); });
  }
  /// From here on everything goes well, and nobody orders anything.
  void calm_down() {
    for (int i = 0; i < kRoundsToRest && !all_settled(); ++i) {
      for (const auto& [name, unit] : table_.all()) {
        live(*unit, true);
        manager_.drain();
      }
      pass(std::chrono::seconds(30));
    }
    check();
  }
  std::string picture() const {
    std::string text;
    for (const auto& [name, unit] : table_.all())
      text += name + " " + std::string(to_string(unit->state)) +
              (unit->wanted_up ? ", wanted up" : "") + (unit->stop_pending ? ", to stop" : "") +
              ", waits for " + manager_.waits_for(*unit) + "\n";
    return text;
  }

 private:
  std::minstd_rand random_;
};

/// GoogleTest makes one site a test; a round wants one of its own.
class Round final : public ManagerStormTest {
 public:
  void TestBody() override {}
  void settles_as_wanted(unsigned seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    build(seed);
    storm();
    calm_down();
    EXPECT_TRUE(all_settled()) << picture();
  }
  void stops_for_good(unsigned seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    build(seed);
    storm();
    manager_.refuse_starts();
    for (const auto& [name, unit] : table_.all())
      if (!is_at_rest(unit->state))
        manager_.want_down(*unit, "shutdown");
    manager_.drain();
    calm_down();
    for (const auto& [name, unit] : table_.all())
      EXPECT_TRUE(is_at_rest(unit->state)) << name << " hangs:\n" << picture();
  }
};

TEST(ManagerStorm, SettlesAsWantedWhateverHappened) {
  for (unsigned seed = 1; seed <= kRounds / 2 && !testing::Test::HasFailure(); ++seed)
    Round().settles_as_wanted(seed);
}

TEST(ManagerStorm, StopsForGoodWhateverHappened) {
  for (unsigned seed = 1; seed <= kRounds / 2 && !testing::Test::HasFailure(); ++seed)
    Round().stops_for_good(seed);
}

}  // namespace
}  // namespace berth
