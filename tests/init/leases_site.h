// A site for the tests of leases: real Leases, ProxyLinks and UnitTable under a clock that stands
// still, proxies at the end of real sockets, and units whose states the test sets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "init/leases.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_proxy.h"
#include "tests/fakes/fake_unit_requests.h"

namespace berth {

class LeasesTest : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  LeasesTest() {
    links_.set_owner(leases_);
    leases_.set_limits(0, 0);
    leases_.set_replace([this](const std::string& proxy) { replaced_.push_back(proxy); });
    leases_.set_configured([this](const std::string& proxy) { configured_.push_back(proxy); });
  }

  static Settings settings() {
    Settings settings;
    settings.cpus = 1;
    return settings;
  }
  static Unit definition(const std::string& name, UnitKind kind) {
    Unit unit;
    unit.name = *UnitName::parse(name);
    unit.kind = kind;
    if (kind == UnitKind::tenant) {
      unit.tenant.emplace();
      unit.service.restart = Restart::never;
      unit.info.start = StartWhen::demand;
    }
    return unit;
  }
  UnitRuntime& tenant(const std::string& name) {
    return table_.add(definition(name, UnitKind::tenant));
  }
  UnitRuntime& service(const std::string& name) {
    return table_.add(definition(name, UnitKind::service));
  }

  /// Manager has stored a state.
  void become(UnitRuntime& unit, UnitState state) {
    unit.state = state;
    leases_.on_state(unit);
  }
  /// A new life that is up.
  void start(UnitRuntime& unit) {
    unit.life = UnitLife{};
    unit.life.epoch = table_.next_epoch();
    unit.life.endpoint = Address{Address::Family::unix_socket, "", 0, "/run/" + unit.name()};
    unit.wanted_up = true;
    become(unit, UnitState::waiting);
    become(unit, UnitState::starting);
    become(unit, UnitState::running);
  }
  /// A new life that is up, and that `proxy` has a lease on.
  void start_leased(UnitRuntime& unit, FakeProxy& proxy) {
    acquire(proxy, unit);
    requests_.take();
    start(unit);
    proxy.heard();
  }
  /// An ordered stop has ended.
  void come_to_rest(UnitRuntime& unit) {
    become(unit, UnitState::cleaning);
    unit.stop_pending = false;
    become(unit, UnitState::inactive);
  }
  /// The main process has ended by itself, and badly; Manager gives up.
  void fail(UnitRuntime& unit, const std::string& reason) {
    unit.reason = reason;
    become(unit, UnitState::cleaning);
    unit.wanted_up = false;
    become(unit, UnitState::failed);
  }
  /// A life that never becomes ready.
  void fail_to_start(UnitRuntime& unit, const std::string& reason) {
    unit.life = UnitLife{};
    unit.life.epoch = table_.next_epoch();
    unit.wanted_up = true;
    become(unit, UnitState::waiting);
    become(unit, UnitState::starting);
    fail(unit, reason);
  }

  void acquire(FakeProxy& proxy, const UnitRuntime& unit) {
    proxy.say(control::Acquire{unit.name()});
    turn();
  }
  void give_back(FakeProxy& proxy, const UnitRuntime& unit, Milliseconds idle_for) {
    proxy.say(control::Returned{unit.name(), unit.life.epoch, idle_for, 1});
    turn();
  }

  void turn() { loop_.run_once(std::chrono::milliseconds(0)); }
  void pass(std::chrono::milliseconds time) {
    clock_.advance(time);
    turn();
  }

  FakeClock clock_;
  os::EventLoop loop_{clock_};
  UnitTable table_;
  const Settings settings_ = settings();
  ProxyLinks links_{loop_, settings_};
  FakeUnitRequests requests_;
  Leases leases_{loop_, table_, links_, requests_, settings_};
  FakeProxy web_{links_, "web"};
  Words replaced_, configured_;
};

}  // namespace berth
