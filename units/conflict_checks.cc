// Who pulls in whom, asked backwards from the units in conflict, which are few.
#include "units/conflict_checks.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace berth {
namespace {

/// Units by name, each with the next one on its way to the unit that they all pull in.
using Pullers = std::map<std::string_view, std::string_view>;

class ConflictCheck {
 public:
  ConflictCheck(const LoadedUnits& loaded, ErrorList& errors) : loaded_(loaded), errors_(errors) {
    for (const auto& [name, unit] : loaded.units) {
      for (const auto* others : {&unit.info.requires_units, &unit.info.wants}) {
        for (const std::string& other : *others) {
          pulled_by_.emplace(other, name);
        }
      }
    }
  }

  void check(const Unit& unit, const std::string& other) {
    const std::string& name = unit.name.str();
    if (loaded_.units.count(other) == 0 || errors_.is_broken(other) ||
        !seen_.insert(std::minmax<std::string_view>(name, other)).second) {
      return;
    }
    if (name == other) {
      return complain(name, other, "which is the unit itself");
    }
    if (const Pullers& all = pullers_of(other); all.contains(name)) {
      return complain(name, other, "which it pulls in (" + way(all, name) + ")");
    }
    if (const Pullers& all = pullers_of(name); all.contains(other)) {
      return complain(name, other, "which pulls it in (" + way(all, other) + ")");
    }
    if (!complain_of_common(name, other)) {
      check_boot(name, other);
    }
  }

 private:
  /// All that start `name` by starting, itself included.
  const Pullers& pullers_of(std::string_view name) {
    const auto [known, is_new] = pullers_.try_emplace(name);
    Pullers& found = known->second;
    if (!is_new) {
      return found;
    }
    found.emplace(name, name);
    std::vector<std::string_view> open{name};
    while (!open.empty()) {
      const std::string_view next = open.back();
      open.pop_back();
      const auto [begin, end] = pulled_by_.equal_range(next);
      for (auto each = begin; each != end; ++each) {
        if (found.emplace(each->second, next).second) {
          open.push_back(each->second);
        }
      }
    }
    return found;
  }

  /// "web -> app -> redis", from a unit to the one that it pulls in.
  static std::string way(const Pullers& pullers, std::string_view from) {
    std::string text(from);
    for (std::string_view next = pullers.at(from); next != from; next = pullers.at(from)) {
      text += " -> " + std::string(next);
      from = next;
    }
    return text;
  }

  /// Where `name`, or its template, says that it is in conflict with `other`.
  Mark place(const std::string& name, const std::string& other) const {
    const std::string of_template = loaded_.units.at(name).name.template_name();
    const auto said = std::find_if(
        loaded_.references.begin(), loaded_.references.end(), [&](const UnitReference& reference) {
          return reference.relation == UnitReference::Relation::conflicts &&
                 reference.target == other &&
                 (reference.from == name || reference.from == of_template);
        });
    return said == loaded_.references.end() ? loaded_.marks.at(name) : said->at;
  }

  void complain(const std::string& name, const std::string& other, const std::string& why) {
    errors_.add(place(name, other), name, "conflicts \"" + other + "\", " + why);
  }

  /// Units that pull in both can never be up.
  bool complain_of_common(const std::string& name, const std::string& other) {
    const Pullers& of_name = pullers_of(name);
    const Pullers& of_other = pullers_of(other);
    bool found = false;
    for (const auto& [each, next] : of_name) {
      if (!of_other.contains(each)) {
        continue;
      }
      found = true;
      const std::string puller(each);
      errors_.add(loaded_.marks.at(puller), puller,
                  "pulls in two units in conflict (" + way(of_name, each) + ", " +
                      way(of_other, each) + ")");
    }
    return found;
  }

  bool starts_at_boot(std::string_view name) const {
    const Unit& unit = loaded_.units.at(std::string(name));
    const bool by_itself =
        unit.info.start == StartWhen::boot && (!unit.job || unit.job->runs_on(JobTrigger::boot));
    return by_itself && !loaded_.stock.at(std::string(name)) && !errors_.is_broken(unit.name.str());
  }

  /// How the boot comes to start `name`; nullopt if it does not.
  std::optional<std::string> boot_way(const std::string& name) {
    const Pullers& all = pullers_of(name);
    if (starts_at_boot(name)) {
      return name;
    }
    const auto first = std::find_if(all.begin(), all.end(),
                                    [&](const auto& each) { return starts_at_boot(each.first); });
    return first == all.end() ? std::nullopt : std::optional(way(all, first->first));
  }

  void check_boot(const std::string& name, const std::string& other) {
    const auto one = boot_way(name), two = boot_way(other);
    if (!one || !two) {
      return;
    }
    const bool both_by_themselves = *one == name && *two == other;
    complain(name, other,
             both_by_themselves ? "but both start at boot"
                                : "but both start at boot (" + *one + "; " + *two + ")");
  }

  const LoadedUnits& loaded_;
  ErrorList& errors_;
  std::multimap<std::string_view, std::string_view> pulled_by_;
  std::map<std::string_view, Pullers> pullers_;
  std::set<std::pair<std::string_view, std::string_view>> seen_;
};

}  // namespace

void check_conflicts(const LoadedUnits& loaded, ErrorList& errors) {
  std::optional<ConflictCheck> check;
  for (const auto& [name, unit] : loaded.units) {
    if (unit.info.conflicts.empty() || errors.is_broken(name)) {
      continue;
    }
    if (!check) {
      check.emplace(loaded, errors);
    }
    for (const std::string& other : unit.info.conflicts) {
      check->check(unit, other);
    }
  }
}

}  // namespace berth
