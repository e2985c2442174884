// FakeUnitRequests: Manager as Leases sees it; keeps what it was asked for, and the test lets it
// happen.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "init/unit_requests.h"

namespace berth {

/// As with the real one, a request changes what is wanted at once and the state only later.
class FakeUnitRequests final : public UnitRequests {
 public:
  Result<void> want_up(UnitRuntime& unit) override {
    asked_.push_back("up " + unit.name());
    if (refusal_)
      return *refusal_;
    unit.wanted_up = true;
    return {};
  }
  void want_down(UnitRuntime& unit, const std::string& why) override {
    asked_.push_back("down " + unit.name() + ": " + why);
    unit.wanted_up = false;
    unit.stop_pending = !is_at_rest(unit.state);
  }

  /// What want_up() answers from now on.
  void refuse_with(Error refusal) { refusal_ = std::move(refusal); }
  /// What was asked since the last call: "up NAME", "down NAME: WHY".
  std::vector<std::string> take() { return std::exchange(asked_, {}); }

 private:
  std::vector<std::string> asked_;
  std::optional<Error> refusal_;
};

}  // namespace berth
