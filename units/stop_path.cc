// The longest ways to the end, one for each phase of a shutdown.
#include "units/stop_path.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <set>

#include "units/start_order.h"
#include "units/stop_graph.h"

namespace berth {
namespace {

enum class Phase : std::uint8_t { tenants, jobs, rest };
constexpr std::array kPhases{Phase::tenants, Phase::jobs, Phase::rest};

/// All stops together have half of the timeout (init/shutdown.cc).
constexpr int kPartOfAllStops = 2;

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

std::vector<const Unit*> of_phase(const std::vector<const Unit*>& units, Phase phase) {
  std::vector<const Unit*> chosen;
  std::copy_if(units.begin(), units.end(), std::back_inserter(chosen),
               [phase](const Unit* unit) { return phase_of(*unit) == phase; });
  return chosen;
}

Milliseconds sum(const std::vector<const Unit*>& units, const StopGraph::Cost& cost) {
  return std::accumulate(
      units.begin(), units.end(), Milliseconds(0),
      [&cost](Milliseconds total, const Unit* unit) { return total + cost(*unit); });
}

}  // namespace

bool StopPath::fits(const BerthConfig& config) const {
  const Milliseconds half = config.shutdown_timeout / kPartOfAllStops;
  const Milliseconds all = config.shutdown_timeout + config.shutdown_after_stop;
  // If tenants and jobs take all of their time, the rest has half of what is left then.
  const Milliseconds for_rest = std::max(half - before_rest, (all - before_rest) / 2);
  return stops <= half && before_rest <= half + config.shutdown_after_stop && total <= all &&
         rest_stops <= for_rest;
}

StopPath longest_stop(const Catalog& catalog) {
  StartOrder order;
  for (const auto& [name, unit] : catalog.units)
    order.add(unit);
  order.finish();
  const std::vector<const Unit*> units = what_may_run(catalog, order);
  const auto total = [](const Unit& unit) { return step_of(unit).total(); };
  const auto stop = [](const Unit& unit) { return step_of(unit).stop; };
  const auto after = [](const Unit& unit) { return step_of(unit).after; };
  StopPath path;
  for (const Phase phase : kPhases) {
    const StopGraph graph(of_phase(units, phase), order);
    const std::vector<const Unit*> longest = graph.longest(total);
    for (const Unit* unit : longest)
      path.steps.push_back(step_of(*unit));
    path.before_rest = phase == Phase::rest ? path.total : path.before_rest;
    path.total += sum(longest, total);
    path.rest_stops = sum(graph.longest(stop), stop);
    path.stops += path.rest_stops;
    path.after_stop += sum(graph.longest(after), after);
  }
  path.timeout = path.stops * kPartOfAllStops;
  return path;
}

}  // namespace berth
