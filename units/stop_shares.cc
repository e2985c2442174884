// Dividing the time for stops.
#include "units/stop_shares.h"

#include <algorithm>

#include "units/stop_graph.h"

namespace berth {
namespace {

Milliseconds own_time(const Unit& unit) {
  return unit.service.stop_timeout;
}

}  // namespace

StopShares::StopShares(const std::vector<const Unit*>& units, const StartOrder& order,
                       Milliseconds then)
    : from_(StopGraph(units, order).longest_from(own_time)), longest_(then) {
  for (auto& [name, from] : from_) {
    from += then;
    longest_ = std::max(longest_, from);
  }
}

Milliseconds StopShares::share(const Unit& unit, Milliseconds left) const {
  const Milliseconds own = own_time(unit);
  const auto found = from_.find(unit.name.str());
  const Milliseconds all = found != from_.end() ? found->second : own;
  if (left.count() <= 0 || all <= own)
    return std::clamp(left, Milliseconds(0), own);
  // Years times years would not fit into an integer.
  const double part = static_cast<double>(own.count()) / static_cast<double>(all.count());
  const Milliseconds due(static_cast<Milliseconds::rep>(static_cast<double>(left.count()) * part));
  return std::min(own, std::max(due, left / 2));
}

}  // namespace berth
