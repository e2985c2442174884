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

const std::vector<Dependency>& no_dependencies() {
  static const std::vector<Dependency> none;
  return none;
}

}  // namespace

void StartOrder::add(const Unit& unit) {
  const std::string& name = unit.name.str();
  const std::string_view own = nodes_.try_emplace(name).first->first;
  for (const std::string& other : unit.info.requires_units)
    bond(own, other, Bond::requires_it);
  for (const std::string& other : unit.info.wants)
    bond(own, other, Bond::wants_it);
  for (const std::string& other : unit.info.after)
    bond(own, other, Bond::after);
  for (const std::string& other : unit.info.before)
    before_.emplace_back(other, name);
}

void StartOrder::bond(std::string_view from, const std::string& to, Bond bond) {
  const std::string_view other = nodes_.try_emplace(to).first->first;
  add_once(nodes_.find(from)->second.waits_for, other, bond);
}

void StartOrder::finish() {
  for (const auto& [later, earlier] : before_)
    bond(nodes_.try_emplace(later).first->first, earlier, Bond::after);
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

std::vector<std::string_view> StartOrder::pulled_in_by(std::string_view unit) const {
  std::vector<std::string_view> order;
  std::set<std::string_view> seen{unit};
  // Depth first without recursion: a unit is listed once all that it pulls in is.
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
  return order;
}

std::vector<std::string_view> StartOrder::brought_down_by(std::string_view unit) const {
  std::vector<std::string_view> down;
  std::set<std::string_view> seen{unit};
  std::vector<std::string_view> open{unit};
  while (!open.empty()) {
    const std::string_view current = open.back();
    open.pop_back();
    for (const Dependency& dependent : waited_for_by(current)) {
      if (dependent.bond != Bond::requires_it || !seen.insert(dependent.unit).second)
        continue;
      down.push_back(dependent.unit);
      open.push_back(dependent.unit);
    }
  }
  return down;
}

}  // namespace berth
