// What a reload would change: the difference between the running set and a catalog.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "units/catalog.h"
#include "units/unit_changes.h"

namespace berth {

struct AddedUnit {
  std::string name;
  bool starts = false;  ///< at once
};

struct ChangedUnit {
  std::string name;
  std::vector<std::string> keys;
  Adoption how = Adoption::in_place;  ///< if it is up
};

struct CatalogDiff {
  std::vector<AddedUnit> added;  ///< by name, as all of these
  std::vector<std::string> removed;
  std::vector<ChangedUnit> changed;
  std::vector<LoadError> new_errors;  ///< that the old catalog does not have

  /// Whether no unit differs.
  bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
  /// For people, a line each: "changed redis: command, process.env; restarts". is_up: whether a
  /// unit is not at rest. Of each of the three lists, what is more than `most` is counted.
  std::vector<std::string> lines(const std::function<bool(const std::string&)>& is_up,
                                 std::size_t most) const;
};

/// The units of the running set by name, each as it was last defined.
using Definitions = std::map<std::string, const Unit*>;

/// Whether a unit, which may be up, can be given the limits of its new definition as it is.
using TakesLimits = std::function<bool(const Unit& after)>;

/// Where a unit stands in its file does not count as a change. `known` are the errors of the
/// running set.
CatalogDiff compare(const Definitions& before, const std::vector<LoadError>& known,
                    const Catalog& after, const TakesLimits& takes_limits);
/// Whether two definitions differ in nothing that matters.
bool same_definition(const Unit& a, const Unit& b);

}  // namespace berth
