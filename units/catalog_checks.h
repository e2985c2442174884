// What only all units together can tell: names that nobody has, cycles, two for one place.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "units/error_list.h"
#include "units/key_value.h"

namespace berth {

/// Everything that has been read, before what is broken is left out.
struct LoadedUnits {
  std::map<std::string, Unit> units;
  std::map<std::string, Mark> marks;  ///< where each of `units` is declared
  std::map<std::string, bool> stock;  ///< of each of `units`: only counts when pulled in
  /// Names that files declare, templates and units that could not be read among them.
  std::set<std::string> declared;
  std::vector<UnitReference> references;  ///< an instance inherits those of its template
};

/// Reports what does not fit together, and marks as broken what requires a broken unit; a stock
/// unit that nothing pulls in is in nobody's way. Afterwards takes what is broken out of
/// `loaded.units`, and from the order of the others the names that are not there any more.
void check_together(LoadedUnits& loaded, ErrorList& errors);

}  // namespace berth
