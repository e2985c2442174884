// What a reload would change: the difference between two catalogs.
#pragma once

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

/// Where a unit stands in its file does not count as a change.
CatalogDiff compare(const Catalog& before, const Catalog& after);
/// Whether two definitions differ in anything that matters.
bool same_definition(const Unit& a, const Unit& b);

}  // namespace berth
