// Comparing catalogs.
#include "units/catalog_diff.h"

#include <algorithm>
#include <set>

namespace berth {
namespace {

template <typename Entry, typename Describe>
void add_lines(std::vector<std::string>& lines, std::string_view word,
               const std::vector<Entry>& entries, std::size_t most, Describe describe) {
  const std::size_t named = std::min(entries.size(), most);
  for (std::size_t i = 0; i < named; ++i)
    lines.push_back(std::string(word) + " " + describe(entries[i]));
  if (entries.size() > named)
    lines.push_back(std::string(word) + " " + std::to_string(entries.size() - named) + " more");
}

std::string_view words(Adoption how) {
  switch (how) {
    case Adoption::in_place:
      return "counts at once";
    case Adoption::restart:
      return "restarts";
    case Adoption::when_idle:
      return "restarts when idle";
    case Adoption::next_life:
      break;
  }
  return "counts from its next start on";
}

std::string describe(const ChangedUnit& unit, bool is_up) {
  std::string text = unit.name;
  for (const std::string& key : unit.keys)
    text += (&key == &unit.keys.front() ? ": " : ", ") + key;
  return is_up ? text + "; " + std::string(words(unit.how)) : text;
}

/// What tells two errors apart: their order is of no matter.
using ErrorKey = std::tuple<std::string_view, std::uint32_t, std::uint32_t, std::string_view>;
ErrorKey key_of(const LoadError& error) {
  return {error.place.file, error.place.line, error.place.column, error.message};
}

}  // namespace

bool same_definition(const Unit& a, const Unit& b) {
  if (a.place == b.place)
    return a == b;
  Unit moved = b;
  moved.place = a.place;
  return a == moved;
}

std::vector<std::string> CatalogDiff::lines(const std::function<bool(const std::string&)>& is_up,
                                            std::size_t most) const {
  std::vector<std::string> lines;
  add_lines(lines, "added", added, most,
            [](const AddedUnit& unit) { return unit.name + (unit.starts ? ": starts" : ""); });
  add_lines(lines, "removed", removed, most,
            [&](const std::string& unit) { return unit + (is_up(unit) ? ": stops" : ""); });
  add_lines(lines, "changed", changed, most,
            [&](const ChangedUnit& unit) { return describe(unit, is_up(unit.name)); });
  return lines;
}

CatalogDiff compare(const Definitions& before, const std::vector<LoadError>& known,
                    const Catalog& after, const TakesLimits& takes_limits) {
  CatalogDiff diff;
  for (const auto& [name, unit] : after.units) {
    const auto old = before.find(name);
    const auto stock = after.stock.find(name);
    if (old == before.end()) {
      const bool is_stock = stock != after.stock.end() && stock->second;
      diff.added.push_back({name, unit.info.start == StartWhen::boot && !is_stock});
    } else if (!same_definition(*old->second, unit)) {
      UnitChanges changes = changes_between(*old->second, unit);
      const Adoption how = adoption(changes, unit, !changes.of_limits || takes_limits(unit));
      diff.changed.push_back({name, std::move(changes.keys), how});
    }
  }
  for (const auto& [name, unit] : before)
    if (after.find(name) == nullptr)
      diff.removed.push_back(name);
  std::set<ErrorKey> old_errors;
  for (const LoadError& error : known)
    old_errors.insert(key_of(error));
  for (const LoadError& error : after.errors)
    if (!old_errors.contains(key_of(error)))
      diff.new_errors.push_back(error);
  return diff;
}

}  // namespace berth
