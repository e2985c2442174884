// Conflicts that no order of starting can keep: units that would have to be up together.
#pragma once

#include "units/catalog_checks.h"

namespace berth {

/// Reports units in conflict that start at boot, or of which one pulls in the other, and units that
/// pull in both.
void check_conflicts(const LoadedUnits& loaded, ErrorList& errors);

}  // namespace berth
