// The dependency graph at run time.
#include "units/start_order.h"

#include <algorithm>
#include <set>

namespace berth {
namespace {

void add_once(std::vector<Dependency>& list, std::string_view unit, Bond bond) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [unit](const Dependency& each) { return each.unit == unit; });
  if (found == list.end())
    list.push_back({unit, bond});
  else
    found->bond = std::max(found->bond, bond);
}

void add_name(std::vector<std::string_view>& list, std::string_view unit) {
  if (std::find(list.begin(), list.end(), unit) == list.end())
    list.push_back(unit);
}

/// All that `next` adds for `unit`, for what that is, and so on; without `unit` itself.
template <typename Next>
std::vector<std::string_view> closure(std::string_view unit, const Next& next) {
  std::vector<std::string_view> found;
  std::set<std::string_view> seen{unit};
  std::vector<std::string_view> open{unit};
  while (!open.empty()) {
    const std::string_view current = open.back();
    open.pop_back();
    next(current, [&](std::string_view other) {
      if (seen.insert(other).second) {
        found.push_back(other);
        open.push_back(other);
      }
    });
  }
  return found;
}

const std::vector<Dependency>& no_dependencies() {
  static const std::vector<Dependency> none;
  return none;
}

}  // namespace

void StartOrder::add(const Unit& unit) {
  const std::string& name = unit.name.str();
  const std::string_view self = own(name);
  for (const std::string& other : unit.info.requires_units)
    bond(self, other, Bond::requires_it);
  for (const std::string& other : unit.info.wants)
    bond(self, other, Bond::wants_it);
  for (const std::string& other : unit.info.after)
    bond(self, other, Bond::after);
  for (const std::string& other : unit.info.part_of)
    add_name(parts_[own(other)], self);
  for (const std::string& other : unit.info.conflicts) {
    add_name(conflicts_[self], own(other));
    add_name(conflicts_[own(other)], self);
  }
  for (const std::string& other : unit.info.before)
    before_.emplace_back(other, name);
}

void StartOrder::bond(std::string_view from, const std::string& to, Bond bond) {
  add_once(nodes_.find(from)->second.waits_for, own(to), bond);
}

void StartOrder::finish() {
  for (const auto& [later, earlier] : before_)
    bond(own(later), earlier, Bond::after);
  before_.clear();
  before_.shrink_to_fit();
  for (const auto& [name, node] : nodes_)
    for (const Dependency& dependency : node.waits_for)
      nodes_.find(dependency.unit)->second.waited_for_by.push_back({name, dependency.bond});
}

const StartOrder::Node* StartOrder::find(std::string_view unit) const {
  const auto found = nodes_.find(unit);
  return found == nodes_.end() ? nullptr : &found->second;
}

const std::vector<Dependency>& StartOrder::waits_for(std::string_view unit) const {
  const Node* node = find(unit);
  return node == nullptr ? no_dependencies() : node->waits_for;
}

const std::vector<Dependency>& StartOrder::waited_for_by(std::string_view unit) const {
  const Node* node = find(unit);
  return node == nullptr ? no_dependencies() : node->waited_for_by;
}

std::vector<std::string_view> StartOrder::pulled_in_by(
    const std::vector<std::string_view>& units) const {
  std::vector<std::string_view> order;
  std::set<std::string_view> seen;
  for (const std::string_view unit : units)
    if (seen.insert(unit).second)
      add_pulled_in(unit, seen, order);
  return order;
}

// Depth first without recursion: a unit is listed once all that it pulls in is.
void StartOrder::add_pulled_in(std::string_view unit, std::set<std::string_view>& seen,
                               std::vector<std::string_view>& order) const {
  std::vector<std::pair<std::string_view, std::size_t>> path{{unit, 0}};
  while (!path.empty()) {
    auto& [current, next] = path.back();
    const auto& dependencies = waits_for(current);
    if (next == dependencies.size()) {
      order.push_back(current);
      path.pop_back();
      continue;
    }
    const Dependency dependency = dependencies[next++];
    if (dependency.bond != Bond::after && seen.insert(dependency.unit).second)
      path.emplace_back(dependency.unit, 0);
  }
}

template <typename Add>
void StartOrder::add_parts(std::string_view unit, const Add& add) const {
  const auto found = parts_.find(unit);
  if (found != parts_.end())
    std::for_each(found->second.begin(), found->second.end(), add);
}

std::vector<std::string_view> StartOrder::brought_down_by(std::string_view unit) const {
  return closure(unit, [this](std::string_view current, const auto& add) {
    for (const Dependency& dependent : waited_for_by(current))
      if (dependent.bond == Bond::requires_it)
        add(dependent.unit);
    add_parts(current, add);
  });
}

std::vector<std::string_view> StartOrder::parts_of(std::string_view unit) const {
  return closure(unit,
                 [this](std::string_view current, const auto& add) { add_parts(current, add); });
}

const std::vector<std::string_view>& StartOrder::in_conflict_with(std::string_view unit) const {
  static const Names none;
  const auto found = conflicts_.find(unit);
  return found == conflicts_.end() ? none : found->second;
}

}  // namespace berth
