// What has changed between two definitions of a unit, key by key, and whether its process has to be
// replaced for that.
#pragma once

#include <string>
#include <vector>

#include "units/unit.h"

namespace berth {

struct UnitChanges {
  std::vector<std::string> keys;  ///< as the unit's file names them: "command", "process.env"
  /// Whether the process itself is made of one of them. Otherwise the new definition is adopted
  /// while it runs.
  bool of_process = false;
  /// Whether one of them is a limit, which a running unit may be given anew where the machine lets
  /// it.
  bool of_limits = false;
};

/// Where a unit stands in its file does not count. REQUIRES: both have one name.
UnitChanges changes_between(const Unit& before, const Unit& after);

/// What a reload does to a unit that is up and whose definition has changed.
enum class Adoption : std::uint8_t {
  in_place,   ///< the new definition counts at once, the process stays
  restart,    ///< the process is replaced at once
  when_idle,  ///< the process is replaced once nobody uses it
  next_life,  ///< the new definition counts from the next start on
};

/// At rest every unit adopts in place. takes_limits: whether new limits can be given to this unit
/// while it runs.
Adoption adoption(const UnitChanges& changes, const Unit& after, bool takes_limits);

}  // namespace berth
