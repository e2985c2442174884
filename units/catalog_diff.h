// What a reload would change: the difference between the running set and a catalog.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "units/catalog.h"

namespace berth {

struct CatalogDiff {
  std::vector<std::string> added;  ///< names, sorted
  std::vector<std::string> removed;
  std::vector<std::string> changed;
  std::vector<LoadError> new_errors;  ///< that the old catalog does not have

  /// For people: "added tenant@2025/boston", one line each; long lists are counted.
  std::vector<std::string> lines() const;
};

/// The units of the running set by name, each as it was last defined.
using Definitions = std::map<std::string, const Unit*>;

/// Where a unit stands in its file does not count as a change. `known` are the errors of the
/// running set.
CatalogDiff compare(const Definitions& before, const std::vector<LoadError>& known,
                    const Catalog& after);
/// Whether two definitions differ in nothing that matters.
bool same_definition(const Unit& a, const Unit& b);

}  // namespace berth
