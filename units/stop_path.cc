// Longest paths through the graph of stopping, one for each phase of a shutdown.
#include "units/stop_path.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>

#include "units/start_order.h"

namespace berth {
namespace {

enum class Phase : std::uint8_t { tenants, jobs, rest };
constexpr std::array kPhases{Phase::tenants, Phase::jobs, Phase::rest};

/// One stop takes at most this part of the timeout, and all of them half of it (init/shutdown.cc).
constexpr int kPartOfOneStop = 4, kPartOfAllStops = 2;

Phase phase_of(const Unit& unit) {
  if (unit.tenant)
    return Phase::tenants;
  return unit.job && unit.job->runs_on(JobTrigger::shutdown) ? Phase::jobs : Phase::rest;
}

StopStep step_of(const Unit& unit) {
  StopStep step{unit.name.str(), unit.service.stop_timeout, Milliseconds(0)};
  if (phase_of(unit) == Phase::jobs) {
    step.stop = Milliseconds(0);
    step.after = unit.job->timeout + (unit.job->timeout + unit.job->retry_delay) *
                                         static_cast<std::int64_t>(unit.job->retries);
  }
  for (const Command& command : unit.service.after_stop)
    step.after += command.timeout.count() > 0 ? command.timeout : kAroundTimeout;
  return step;
}

/// What may run: all but stock units that nothing pulls in.
std::vector<const Unit*> what_may_run(const Catalog& catalog, const StartOrder& order) {
  std::set<std::string_view> seen;
  std::vector<std::string_view> open;
  const auto visit = [&](std::string_view name) {
    if (seen.insert(name).second)
      open.push_back(name);
  };
  for (const auto& [name, unit] : catalog.units) {
    const auto stock = catalog.stock.find(name);
    if (stock == catalog.stock.end() || !stock->second)
      visit(name);
  }
  while (!open.empty()) {
    const std::string_view current = open.back();
    open.pop_back();
    for (const Dependency& dependency : order.waits_for(current))
      if (dependency.bond != Bond::after)
        visit(dependency.unit);
  }
  std::vector<const Unit*> units;
  for (const auto& [name, unit] : catalog.units)
    if (seen.count(name) != 0)
      units.push_back(&unit);
  return units;
}

/// The units of one phase, and who of them stops before whom.
class PhaseGraph {
 public:
  PhaseGraph(const std::vector<const Unit*>& units, const StartOrder& order, Phase phase) {
    std::map<std::string_view, std::size_t> numbers;
    for (const Unit* unit : units)
      if (phase_of(*unit) == phase) {
        numbers.emplace(unit->name.str(), nodes_.size());
        nodes_.push_back({step_of(*unit), {}, 0});
      }
    for (const auto& [name, number] : numbers)
      for (const Dependency& dependency : order.waits_for(name))
        if (const auto next = numbers.find(dependency.unit); next != numbers.end()) {
          nodes_[number].next.push_back(next->second);
          ++nodes_[next->second].before;
        }
    sort();
  }

  /// The steps of the longest path, where one step takes `cost`.
  template <typename Cost>
  std::vector<StopStep> longest(Cost cost) const {
    std::vector<Milliseconds> until(nodes_.size(), Milliseconds(0));
    std::vector<std::size_t> previous(nodes_.size(), kNobody);
    std::size_t last = kNobody;
    for (const std::size_t each : sorted_) {
      until[each] += cost(nodes_[each].step);
      if (last == kNobody || until[each] > until[last])
        last = each;
      for (const std::size_t next : nodes_[each].next)
        if (previous[next] == kNobody || until[each] > until[next]) {
          until[next] = until[each];
          previous[next] = each;
        }
    }
    std::vector<StopStep> steps;
    for (; last != kNobody; last = previous[last])
      steps.push_back(nodes_[last].step);
    std::reverse(steps.begin(), steps.end());
    return steps;
  }

 private:
  static constexpr std::size_t kNobody = ~std::size_t{0};
  struct Node {
    StopStep step;
    std::vector<std::size_t> next;  ///< who stops after it
    std::size_t before = 0;         ///< how many stop before it
  };

  /// Each after all that stop before it. A cycle, which the catalog has refused, would be left out.
  void sort() {
    std::vector<std::size_t> left;
    for (const Node& node : nodes_)
      left.push_back(node.before);
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (left[i] == 0)
        sorted_.push_back(i);
    for (std::size_t i = 0; i < sorted_.size(); ++i)
      for (const std::size_t next : nodes_[sorted_[i]].next)
        if (--left[next] == 0)
          sorted_.push_back(next);
  }

  std::vector<Node> nodes_;
  std::vector<std::size_t> sorted_;
};

template <typename Cost>
Milliseconds sum(const std::vector<StopStep>& steps, Cost cost) {
  return std::accumulate(
      steps.begin(), steps.end(), Milliseconds(0),
      [&](Milliseconds total, const StopStep& step) { return total + cost(step); });
}

}  // namespace

bool StopPath::fits(const BerthConfig& config) const {
  const Milliseconds timeout_given = config.shutdown_timeout;
  const Milliseconds more = config.shutdown_after_stop;
  return slowest <= timeout_given / kPartOfOneStop &&
         before_rest <= timeout_given / kPartOfAllStops + more && total <= timeout_given + more;
}

StopPath longest_stop(const Catalog& catalog) {
  StartOrder order;
  for (const auto& [name, unit] : catalog.units)
    order.add(unit);
  order.finish();
  const std::vector<const Unit*> units = what_may_run(catalog, order);
  const auto total = [](const StopStep& step) { return step.total(); };
  const auto stop = [](const StopStep& step) { return step.stop; };
  const auto after = [](const StopStep& step) { return step.after; };
  StopPath path;
  Milliseconds stops{0};
  for (const Phase phase : kPhases) {
    const PhaseGraph graph(units, order, phase);
    const std::vector<StopStep> steps = graph.longest(total);
    path.steps.insert(path.steps.end(), steps.begin(), steps.end());
    path.before_rest = phase == Phase::rest ? path.total : path.before_rest;
    path.total += sum(steps, total);
    stops += sum(graph.longest(stop), stop);
    path.after_stop += sum(graph.longest(after), after);
  }
  for (const Unit* unit : units)
    path.slowest = std::max(path.slowest, step_of(*unit).stop);
  path.timeout = std::max(path.slowest * kPartOfOneStop, stops * kPartOfAllStops);
  return path;
}

}  // namespace berth
