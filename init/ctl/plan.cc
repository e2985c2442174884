// What Manager::want_up() would do, worked out beforehand.
#include "init/ctl/plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "init/ctl/unit_graph.h"

namespace berth::ctl {
namespace {

using Action = PlanStep::Action;

Action action_for(const GraphNode& node, bool is_target) {
  if (node.kind == "job" && node.succeeded && !is_target)
    return Action::is_done;
  if (node.state == "running")
    return node.kind == "job" ? Action::under_way : Action::is_up;
  const bool tries_again = node.state == "backoff" && !is_target;
  if (tries_again || node.state == "waiting" || node.state == "preparing" ||
      node.state == "starting")
    return Action::under_way;
  return Action::starts;  // what is on its way down starts again when it has come to rest
}

bool happens(const PlanStep& step) {
  return step.action == Action::starts || step.action == Action::under_way;
}

class Planner {
 public:
  Planner(const UnitGraph& graph, const std::string& unit)
      : graph_(graph), unit_(unit), order_(order_of(graph)) {}

  Plan run() {
    std::vector<std::string_view> targets;
    for (const GraphNode& node : graph_.nodes)
      if (is_target(node))
        targets.emplace_back(node.name);
    for (const std::string_view name : order_.pulled_in_by(targets))
      pull_in(name);
    for (auto& [name, step] : steps_)
      explain(step);
    set_ranks();
    Plan plan;
    plan.stops = stops();
    for (auto& [name, step] : steps_)
      plan.steps.push_back(std::move(step));
    std::sort(plan.steps.begin(), plan.steps.end(), [](const PlanStep& a, const PlanStep& b) {
      return std::tie(a.rank, a.node->name) < std::tie(b.rank, b.node->name);
    });
    return plan;
  }

 private:
  bool is_target(const GraphNode& node) const {
    return unit_.empty() ? node.start == "boot" : node.name == unit_;
  }

  void pull_in(std::string_view name) {
    const GraphNode* node = find_node(graph_, name);
    if (node == nullptr)
      return;
    PlanStep& step = steps_[name];
    step.node = node;
    step.action = action_for(*node, node->name == unit_);
  }

  void explain(PlanStep& step) const {
    if (is_target(*step.node))
      step.why.emplace_back(unit_.empty() ? "starts at boot" : "asked for");
    for (const Dependency& dependent : order_.waited_for_by(step.node->name)) {
      if (dependent.bond == Bond::after || steps_.count(dependent.unit) == 0)
        continue;
      const bool required = dependent.bond == Bond::requires_it;
      step.why.push_back((required ? "required by " : "wanted by ") + std::string(dependent.unit));
    }
  }

  /// Each is one rank behind the last of what it waits for (Kahn's order; there are no cycles).
  void set_ranks() {
    std::map<std::string_view, std::size_t> open;
    std::vector<std::string_view> ready;
    for (const auto& [name, step] : steps_) {
      open[name] = count_of_waits(step);
      if (happens(step) && open[name] == 0)
        ready.push_back(name);
    }
    while (!ready.empty()) {
      const std::string_view name = ready.back();
      ready.pop_back();
      const unsigned rank = std::max(steps_.at(name).rank, 1U);
      steps_.at(name).rank = rank;
      for (const Dependency& dependent : order_.waited_for_by(name)) {
        const auto later = steps_.find(dependent.unit);
        if (later == steps_.end() || !happens(later->second))
          continue;
        later->second.rank = std::max(later->second.rank, rank + 1);
        if (--open[dependent.unit] == 0)
          ready.push_back(dependent.unit);
      }
    }
  }

  std::size_t count_of_waits(const PlanStep& step) const {
    const auto& waits = order_.waits_for(step.node->name);
    return static_cast<std::size_t>(
        std::count_if(waits.begin(), waits.end(), [this](const Dependency& dependency) {
          const auto found = steps_.find(dependency.unit);
          return found != steps_.end() && happens(found->second);
        }));
  }

  std::vector<PlanStop> stops() const {
    std::map<std::string_view, PlanStop> stops;
    for (const GraphNode& node : graph_.nodes)
      for (const BondTo& bond : node.bonds)
        if (bond.key == "conflicts") {
          stop_first(node.name, bond.unit, stops);
          stop_first(bond.unit, node.name, stops);
        }
    std::vector<PlanStop> list;
    for (auto& [name, stop] : stops)
      list.push_back(std::move(stop));
    return list;
  }

  /// If `starts` starts, `other` and what requires it goes.
  void stop_first(std::string_view starts, std::string_view other,
                  std::map<std::string_view, PlanStop>& stops) const {
    const auto step = steps_.find(starts);
    if (step == steps_.end() || step->second.action != Action::starts)
      return;
    const auto add = [&](std::string_view name, std::string why) {
      const GraphNode* node = find_node(graph_, name);
      if (node != nullptr && !is_at_rest(*node))
        stops.try_emplace(node->name, PlanStop{node, std::move(why)});
    };
    add(other, "conflicts with " + std::string(starts));
    for (const std::string_view dependent : order_.brought_down_by(other))
      add(dependent, "goes with " + std::string(other));
  }

  const UnitGraph& graph_;
  const std::string& unit_;  ///< empty = the boot
  StartOrder order_;
  std::map<std::string_view, PlanStep> steps_;  ///< names live in order_
};

}  // namespace

Result<Plan> make_plan(const UnitGraph& graph, const std::string& unit) {
  if (!unit.empty() && find_node(graph, unit) == nullptr)
    return no_such_node(graph, unit);
  return Planner(graph, unit).run();
}

}  // namespace berth::ctl
