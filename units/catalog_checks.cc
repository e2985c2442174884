// The checks over all units, one function each.
#include "units/catalog_checks.h"

#include <algorithm>

#include "units/conflict_checks.h"
#include "units/cycles.h"
#include "units/suggestion.h"

namespace berth {
namespace {

using Relation = UnitReference::Relation;

std::string_view word(Relation relation) {
  switch (relation) {
    case Relation::requires_unit:
      return "requires";
    case Relation::wants:
      return "wants";
    case Relation::after:
      return "after";
    case Relation::before:
      return "before";
    case Relation::conflicts:
      return "conflicts";
    case Relation::part_of:
      return "part_of";
    case Relation::on_failure:
      return "on_failure";
    case Relation::route:
      return "unit";
    case Relation::cgi:
      return "job";
    case Relation::until:
      return "until";
    case Relation::proxy:
      return "proxy";
    case Relation::signal:
      return "forward to";
  }
  return "";
}

std::string named(const UnitReference& reference) {
  return std::string(word(reference.relation)) + " \"" + reference.target + "\"";
}

/// Whether a unit that says this of another makes that one start.
bool pulls_in(Relation relation) {
  switch (relation) {
    case Relation::after:
    case Relation::before:
    case Relation::conflicts:
    case Relation::part_of:
      return false;
    default:
      return true;
  }
}

/// Whether a unit may not say this of itself; in the order of units, that is a cycle.
bool is_of_others(Relation relation) {
  return relation == Relation::conflicts || relation == Relation::part_of ||
         relation == Relation::on_failure;
}

/// Why `target` cannot stand behind the relation, or nothing.
std::string unfit(Relation relation, const Unit& target) {
  if (relation == Relation::until && target.kind != UnitKind::job) {
    return "which is no job";
  }
  if (relation == Relation::cgi && (!target.job || target.job->interface != JobInterface::cgi)) {
    return "which is no job with \"interface\" = \"cgi\"";
  }
  if (relation == Relation::proxy && target.kind != UnitKind::proxy) {
    return "which is no proxy";
  }
  if (relation == Relation::route && target.kind == UnitKind::service && !target.service.address) {
    return "which has no \"address\"";
  }
  if (relation == Relation::route &&
      (target.kind == UnitKind::job || target.kind == UnitKind::proxy)) {
    return "which is neither a service nor a tenant";
  }
  return "";
}

/// The units and templates that count: what is not stock, and what that pulls in.
std::set<std::string> units_in_use(const LoadedUnits& loaded) {
  std::multimap<std::string_view, const UnitReference*> by_unit;
  for (const UnitReference& reference : loaded.references) {
    by_unit.emplace(reference.from, &reference);
  }
  std::set<std::string> used;
  std::vector<std::string> added;
  const auto use = [&](const std::string& name) {
    if (used.insert(name).second) {
      added.push_back(name);
    }
  };
  for (const auto& [name, is_stock] : loaded.stock) {
    if (!is_stock) {
      use(name);
    }
  }
  while (!added.empty()) {
    const std::string name = std::move(added.back());
    added.pop_back();
    const auto unit = loaded.units.find(name);
    if (unit != loaded.units.end() && unit->second.name.is_instance()) {
      use(unit->second.name.template_name());
    }
    const auto [begin, end] = by_unit.equal_range(name);
    for (auto reference = begin; reference != end; ++reference) {
      if (pulls_in(reference->second->relation)) {
        use(reference->second->target);
      }
    }
  }
  return used;
}

void check_references(const LoadedUnits& loaded, const std::set<std::string>& used,
                      ErrorList& errors) {
  const std::vector<std::string_view> known(loaded.declared.begin(), loaded.declared.end());
  for (const UnitReference& reference : loaded.references) {
    const auto complain = [&](const std::string& why) {
      // Whoever hid a stock unit need not hear about another one that nobody uses.
      if (reference.from.empty() || used.contains(reference.from)) {
        errors.add(reference.at, reference.from, named(reference) + why);
      } else {
        errors.mark_broken(reference.from);
      }
    };
    if (!loaded.declared.contains(reference.target)) {
      complain(", which does not exist" + did_you_mean(reference.target, known));
    } else if (reference.target.ends_with('@')) {
      complain(", which is a template: name one of its instances");
    } else if (reference.target == reference.from && is_of_others(reference.relation)) {
      complain(", which is the unit itself");
    } else if (const auto target = loaded.units.find(reference.target);
               target != loaded.units.end() && !errors.is_broken(reference.target)) {
      const std::string why = unfit(reference.relation, target->second);
      if (!why.empty()) {
        complain(", " + why);
      }
    }
  }
}

/// Reports `name` as taking what `owner` has already.
void complain_taken(const LoadedUnits& loaded, ErrorList& errors, const std::string& name,
                    const std::string& owner, const std::string& what) {
  errors.add(loaded.marks.at(name), name,
             what + " is taken by \"" + owner + "\" (" + errors.text(loaded.marks.at(owner)) + ")");
}

/// The units in use, in the order in which their files declare them: the first of two keeps its
/// place.
std::vector<const Unit*> in_file_order(const LoadedUnits& loaded,
                                       const std::set<std::string>& used) {
  std::vector<std::pair<Mark, const Unit*>> order;
  order.reserve(loaded.units.size());
  for (const auto& [name, unit] : loaded.units) {
    if (used.contains(name)) {
      order.emplace_back(loaded.marks.at(name), &unit);
    }
  }
  std::sort(order.begin(), order.end());
  std::vector<const Unit*> units;
  units.reserve(order.size());
  for (const auto& [mark, unit] : order) {
    units.push_back(unit);
  }
  return units;
}

void check_tenant_paths(const LoadedUnits& loaded, const std::vector<const Unit*>& units,
                        ErrorList& errors) {
  std::map<std::pair<std::string, std::string>, std::string> owners;  // by host and path
  for (const Unit* unit : units) {
    if (!unit->tenant) {
      continue;
    }
    const std::vector<std::string> any_host{""};
    for (const std::string& host : unit->tenant->hosts.empty() ? any_host : unit->tenant->hosts) {
      const auto [owner, is_new] =
          owners.emplace(std::pair(host, unit->tenant->path), unit->name.str());
      if (!is_new && owner->second != unit->name.str()) {
        complain_taken(loaded, errors, unit->name.str(), owner->second,
                       "the path \"" + host + unit->tenant->path + "\"");
      }
    }
  }
}

/// Whether binding one keeps the other from being bound.
bool overlap(const Address& a, const Address& b) {
  if (a.family != b.family) {
    return false;
  }
  if (a.family == Address::Family::unix_socket) {
    return a.path == b.path;
  }
  const auto is_any = [](const std::string& host) {
    return host.empty() || host == "0.0.0.0" || host == "::";
  };
  return a.port == b.port && (a.host == b.host || is_any(a.host) || is_any(b.host));
}

/// Who listens where. Only what has the same port, or the same path, can overlap.
class Listeners {
 public:
  Listeners(const LoadedUnits& loaded, ErrorList& errors) : loaded_(loaded), errors_(errors) {}

  void claim(const Address& address, const Unit& unit) {
    const std::string place = address.path.empty() ? std::to_string(address.port) : address.path;
    const auto [begin, end] = owners_.equal_range(place);
    const auto taken = std::find_if(
        begin, end, [&](const auto& owner) { return overlap(owner.second.first, address); });
    if (taken == end) {
      owners_.emplace(place, std::pair(address, &unit));
    } else {
      complain_taken(loaded_, errors_, unit.name.str(), taken->second.second->name.str(),
                     "the address \"" + format_address(address) + "\"");
    }
  }

 private:
  const LoadedUnits& loaded_;
  ErrorList& errors_;
  std::multimap<std::string, std::pair<Address, const Unit*>> owners_;
};

void check_listeners(const LoadedUnits& loaded, const std::vector<const Unit*>& units,
                     ErrorList& errors) {
  Listeners listeners(loaded, errors);
  for (const Unit* unit : units) {
    for (const ListenSocket& socket : unit->service.listen) {
      listeners.claim(socket.address, *unit);
    }
    // Where a template's instances have one address in common, one at a time runs: they may.
    const auto& own = unit->service.address;
    const bool is_own = std::any_of(
        unit->service.listen.begin(), unit->service.listen.end(),
        [&](const ListenSocket& socket) { return own && overlap(socket.address, *own); });
    if (unit->kind == UnitKind::service && !unit->name.is_instance() && own && !is_own) {
      listeners.claim(*own, *unit);
    }
    if (unit->proxy) {
      for (const auto* addresses : {&unit->proxy->listen, &unit->proxy->metrics_listen}) {
        for (const Address& address : *addresses) {
          listeners.claim(address, *unit);
        }
      }
    }
  }
}

/// A terminal is one session's (man 4 tty_ioctl). Units in conflict have it one after the other,
/// and the steps of jobs have none.
void check_terminals(const LoadedUnits& loaded, const std::vector<const Unit*>& units,
                     ErrorList& errors) {
  const auto excludes = [](const Unit& one, const Unit& other) {
    const auto& names = one.info.conflicts;
    return std::find(names.begin(), names.end(), other.name.str()) != names.end();
  };
  std::multimap<std::string_view, const Unit*> owners;
  for (const Unit* unit : units) {
    const std::string& terminal = unit->process.tty;
    if (terminal.empty() || unit->job) {
      continue;
    }
    const auto [begin, end] = owners.equal_range(terminal);
    const auto owner = std::find_if(begin, end, [&](const auto& each) {
      return !excludes(*unit, *each.second) && !excludes(*each.second, *unit);
    });
    if (owner != end) {
      complain_taken(loaded, errors, unit->name.str(), owner->second->name.str(),
                     "the terminal \"" + terminal + "\"");
    }
    owners.emplace(terminal, unit);
  }
}

void check_proxy_choice(const LoadedUnits& loaded, const std::vector<const Unit*>& units,
                        ErrorList& errors) {
  std::vector<std::string> proxies;
  for (const Unit* unit : units) {
    if (unit->proxy) {
      proxies.push_back("\"" + unit->name.str() + "\"");
    }
  }
  if (proxies.size() < 2) {
    return;
  }
  for (const Unit* unit : units) {
    if (unit->tenant && unit->tenant->proxy.empty()) {
      errors.add(loaded.marks.at(unit->name.str()), unit->name.str(),
                 "needs \"proxy\": both " + proxies[0] + " and " + proxies[1] + " could serve it");
    }
  }
}

void check_resume(const LoadedUnits& loaded, const std::vector<const Unit*>& units,
                  ErrorList& errors) {
  for (const Unit* unit : units) {
    if (!unit->proxy || !unit->proxy->maintenance_until_resume) {
      continue;
    }
    const auto job = loaded.units.find(unit->proxy->maintenance_until);
    if (job == loaded.units.end() || !job->second.job ||
        !job->second.job->runs_on(JobTrigger::resume)) {
      errors.add(loaded.marks.at(unit->name.str()), unit->name.str(),
                 "\"until_resume\" needs \"until\" to be a job that runs on \"resume\"");
    }
  }
}

/// At most one unit can be such: `claim` says to each other one what it is beside the first, and
/// `why` there is only one.
template <typename Is>
void check_only_one(const LoadedUnits& loaded, const std::vector<const Unit*>& units, Is is,
                    std::string_view claim, std::string_view why, ErrorList& errors) {
  const Unit* first = nullptr;
  for (const Unit* unit : units) {
    if (!is(*unit)) {
      continue;
    }
    if (first == nullptr) {
      first = unit;
      continue;
    }
    errors.add(loaded.marks.at(unit->name.str()), unit->name.str(),
               std::string(claim) + " \"" + first->name.str() + "\" (" +
                   errors.text(loaded.marks.at(first->name.str())) + "): " + std::string(why));
  }
}

void report_cycles(const LoadedUnits& loaded, const std::vector<Cycle>& cycles, ErrorList& errors) {
  for (const Cycle& cycle : cycles) {
    for (const CycleStep& step : cycle) {
      errors.mark_broken(step.unit->name.str());
    }
    const std::string& first = cycle.front().unit->name.str();
    errors.add(loaded.marks.at(first), first, describe_cycle(cycle));
  }
}

/// The template's references count for each of its instances, so do its errors.
std::map<std::string, std::vector<std::string>> instances_by_template(const LoadedUnits& loaded) {
  std::map<std::string, std::vector<std::string>> instances;
  for (const auto& [name, unit] : loaded.units) {
    if (unit.name.is_instance()) {
      instances[unit.name.template_name()].push_back(name);
    }
  }
  return instances;
}

/// Whether an instance of a broken template was found that was not known to be broken.
bool spread_to_instances(const std::vector<std::string>& instances, const std::string& of_template,
                         ErrorList& errors) {
  if (!errors.is_broken(of_template)) {
    return false;
  }
  bool spreads = false;
  for (const std::string& name : instances) {
    spreads = spreads || !errors.is_broken(name);
    errors.mark_broken(name);
  }
  return spreads;
}

/// Whether a unit that requires a broken one was found that was not known to be broken.
bool spread_to_requirers(const LoadedUnits& loaded, ErrorList& errors) {
  bool spreads = false;
  for (const UnitReference& reference : loaded.references) {
    if (reference.relation == Relation::requires_unit && errors.is_broken(reference.target) &&
        !errors.is_broken(reference.from)) {
      errors.add(reference.at, reference.from, named(reference) + ", which has an error");
      spreads = true;
    }
  }
  return spreads;
}

/// What requires a broken unit is broken, until nothing more follows.
void spread(const LoadedUnits& loaded, ErrorList& errors) {
  const auto instances = instances_by_template(loaded);
  for (bool spreads = true; spreads;) {
    spreads = spread_to_requirers(loaded, errors);
    for (const auto& [of_template, names] : instances) {
      spreads = spread_to_instances(names, of_template, errors) || spreads;
    }
  }
}

void leave_out_broken(LoadedUnits& loaded, const ErrorList& errors) {
  std::erase_if(loaded.units, [&](const auto& entry) { return errors.is_broken(entry.first); });
  const auto is_gone = [&](const std::string& name) { return !loaded.units.contains(name); };
  for (auto& [name, unit] : loaded.units) {
    std::erase_if(unit.info.wants, is_gone);
    std::erase_if(unit.info.after, is_gone);
    std::erase_if(unit.info.before, is_gone);
    std::erase_if(unit.info.conflicts, is_gone);
    std::erase_if(unit.info.part_of, is_gone);
    std::erase_if(unit.info.on_failure, is_gone);
  }
}

}  // namespace

void check_together(LoadedUnits& loaded, ErrorList& errors) {
  const std::set<std::string> used = units_in_use(loaded);
  check_references(loaded, used, errors);
  report_cycles(loaded, find_cycles(loaded.units), errors);
  std::vector<Cycle> failures = find_failure_cycles(loaded.units);
  // That a unit names itself has been said where it does so.
  std::erase_if(failures, [&](const Cycle& cycle) {
    return cycle.size() == 1 && errors.is_broken(cycle.front().unit->name.str());
  });
  report_cycles(loaded, failures, errors);
  check_conflicts(loaded, errors);
  const auto units = in_file_order(loaded, used);
  check_tenant_paths(loaded, units, errors);
  check_listeners(loaded, units, errors);
  check_terminals(loaded, units, errors);
  check_proxy_choice(loaded, units, errors);
  check_resume(loaded, units, errors);
  check_only_one(
      loaded, units,
      [](const Unit& unit) { return unit.proxy && unit.proxy->machine_idle.is_on(); },
      "has [proxy.idle], but so has", "there is one machine", errors);
  check_only_one(
      loaded, units, [](const Unit& unit) { return unit.info.main; }, "is \"main\", but so is",
      "only one unit's end is the container's", errors);
  spread(loaded, errors);
  leave_out_broken(loaded, errors);
}

}  // namespace berth
