// Comparing catalogs.
#include "units/catalog_diff.h"

#include <algorithm>

namespace berth {
namespace {

constexpr std::size_t kNamedInList = 10;

void add_lines(std::vector<std::string>& lines, const char* word,
               const std::vector<std::string>& names) {
  const std::size_t named = std::min(names.size(), kNamedInList);
  for (std::size_t i = 0; i < named; ++i)
    lines.push_back(std::string(word) + " " + names[i]);
  if (names.size() > named)
    lines.push_back(std::string(word) + " " + std::to_string(names.size() - named) + " more");
}

}  // namespace

bool same_definition(const Unit& a, const Unit& b) {
  if (a.place == b.place)
    return a == b;
  Unit moved = b;
  moved.place = a.place;
  return a == moved;
}

std::vector<std::string> CatalogDiff::lines() const {
  std::vector<std::string> lines;
  add_lines(lines, "added", added);
  add_lines(lines, "removed", removed);
  add_lines(lines, "changed", changed);
  return lines;
}

CatalogDiff compare(const Definitions& before, const std::vector<LoadError>& known,
                    const Catalog& after) {
  CatalogDiff diff;
  for (const auto& [name, unit] : after.units) {
    const auto old = before.find(name);
    if (old == before.end())
      diff.added.push_back(name);
    else if (!same_definition(*old->second, unit))
      diff.changed.push_back(name);
  }
  for (const auto& [name, unit] : before)
    if (after.find(name) == nullptr)
      diff.removed.push_back(name);
  for (const LoadError& error : after.errors)
    if (std::find(known.begin(), known.end(), error) == known.end())
      diff.new_errors.push_back(error);
  return diff;
}

}  // namespace berth
