// A site for the tests of Manager: a real table, Leases without a proxy, and units without
// processes.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "init/manager.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_unit_actions.h"

namespace berth {

inline constexpr auto kRunning = UnitState::running;
inline constexpr auto kInactive = UnitState::inactive;

class ManagerTest : public testing::Test {
 protected:
  using Words = std::vector<std::string>;
  using Step = FakeUnitActions::Step;

  ManagerTest() {
    links_.set_owner(leases_);
    manager_.set_leases(leases_);
    set_log_sink(&logs_);
  }
  ~ManagerTest() override { set_log_sink(nullptr); }

  UnitRuntime& add(const std::string& name, UnitKind kind = UnitKind::service) {
    Unit unit;
    unit.name = *UnitName::parse(name);
    unit.kind = kind;
    if (kind == UnitKind::job)
      unit.job.emplace();
    if (kind == UnitKind::tenant) {
      unit.tenant.emplace();
      unit.service.restart = Restart::never;
    }
    return table_.add(std::move(unit));
  }
  UnitRuntime& add_requiring(const std::string& name, const std::string& required) {
    UnitRuntime& unit = add(name);
    unit.unit.info.requires_units = {required};
    return unit;
  }
  /// Call after the last unit.
  void set_order() {
    StartOrder order;
    for (const auto& [name, unit] : table_.all())
      order.add(unit->unit);
    order.finish();
    manager_.set_order(std::move(order));
  }

  void start(UnitRuntime& unit) {
    EXPECT_TRUE(manager_.start(unit).has_value());
    manager_.drain();
  }
  void stop(UnitRuntime& unit) {
    manager_.stop(unit);
    manager_.drain();
  }
  void restart(UnitRuntime& unit) {
    EXPECT_TRUE(manager_.restart(unit).has_value());
    manager_.drain();
  }
  void exits(UnitRuntime& unit, int code) {
    actions_.exits(unit, code);
    manager_.drain();
  }
  void pass(std::chrono::milliseconds time) {
    clock_.advance(time);
    loop_.run_once(std::chrono::milliseconds(0));
    manager_.drain();
  }

  FakeClock clock_;
  os::EventLoop loop_{clock_};
  LogHub logs_{loop_, os::UniqueFd()};
  UnitTable table_;
  Settings settings_;
  ProxyLinks links_{loop_, settings_};
  FakeUnitActions actions_{loop_, table_};
  Manager manager_{loop_, table_, logs_, actions_};
  Leases leases_{loop_, table_, links_, manager_, settings_};
};

}  // namespace berth
