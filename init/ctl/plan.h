// Plan: what a start of a unit, or the boot, would do.
#pragma once

#include <string>
#include <vector>

#include "init/ctl/model.h"
#include "units/result.h"

namespace berth::ctl {

struct PlanStep {
  enum class Action {
    starts,
    under_way,  ///< it is being started, or will be tried again, already
    is_up,
    is_done,  ///< a job that has succeeded: it does not run again
  };
  const GraphNode* node = nullptr;
  Action action = Action::starts;
  /// What has the same rank starts side by side, each as soon as what it waits for in the ranks
  /// before is up. From 1; 0 = nothing happens to it.
  unsigned rank = 0;
  /// "asked for", "starts at boot", "required by web": all reasons.
  std::vector<std::string> why;
};

/// A unit that is up and has to go first.
struct PlanStop {
  const GraphNode* node = nullptr;
  std::string why;  ///< "conflicts with web", "goes with old"
};

struct Plan {
  std::vector<PlanStep> steps;  ///< by rank, then by name
  std::vector<PlanStop> stops;  ///< by name
};

/// unit: whose start; empty = the boot. The plan refers to `graph`. Errors: not_found.
Result<Plan> make_plan(const UnitGraph& graph, const std::string& unit);

}  // namespace berth::ctl
