// Cycles among units: a unit that would have to wait for itself, or that its own failure starts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "units/unit.h"

namespace berth {

/// `unit` comes after, or starts, the next step's unit (the last the first's), because of `reason`.
struct CycleStep {
  const Unit* unit = nullptr;
  /// "requires", "wants", "after", "before" (the next says it), "on_failure"
  std::string_view reason;
};
using Cycle = std::vector<CycleStep>;

/// One cycle for each knot over requires, wants, after and before, each beginning with its least
/// name; no unit is in two. Names that `units` lacks are left aside.
std::vector<Cycle> find_cycles(const std::map<std::string, Unit>& units);

/// As find_cycles(), over on_failure, requires and wants, where on_failure has a part in it: such
/// units would start each other for ever.
std::vector<Cycle> find_failure_cycles(const std::map<std::string, Unit>& units);

/// "these units wait for each other: a -> b -> a (a.toml:2: "a" requires "b"; …)"
std::string describe_cycle(const Cycle& cycle);

}  // namespace berth
