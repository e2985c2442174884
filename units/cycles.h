// Cycles in the order of units: a unit that would have to wait for itself.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "units/unit.h"

namespace berth {

/// `unit` comes after the next step's unit (the last after the first's), because of `reason`.
struct CycleStep {
  const Unit* unit = nullptr;
  std::string_view reason;  ///< "requires", "wants", "after", "before" (the next says it)
};
using Cycle = std::vector<CycleStep>;

/// One cycle for each knot over requires, wants, after and before, each beginning with its least
/// name; no unit is in two. Names that `units` lacks are left aside.
std::vector<Cycle> find_cycles(const std::map<std::string, Unit>& units);

/// "a -> b -> a: a requires b (a.toml:2), b is before a …"
std::string describe_cycle(const Cycle& cycle);

}  // namespace berth
