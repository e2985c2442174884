// Longest paths through the graph of stopping.
#include "units/stop_graph.h"

#include <algorithm>

namespace berth {

StopGraph::StopGraph(const std::vector<const Unit*>& units, const StartOrder& order) {
  std::map<std::string_view, std::size_t> numbers;
  for (const Unit* unit : units) {
    numbers.emplace(unit->name.str(), nodes_.size());
    nodes_.push_back({unit, {}, 0});
  }
  for (const auto& [name, number] : numbers)
    for (const Dependency& dependency : order.waits_for(name))
      if (const auto next = numbers.find(dependency.unit); next != numbers.end()) {
        nodes_[number].next.push_back(next->second);
        ++nodes_[next->second].before;
      }
  sort();
}

// A cycle, which the catalog has refused, would be left out.
void StopGraph::sort() {
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

std::vector<const Unit*> StopGraph::longest(const Cost& cost) const {
  std::vector<Milliseconds> until(nodes_.size(), Milliseconds(0));
  std::vector<std::size_t> previous(nodes_.size(), kNobody);
  std::size_t last = kNobody;
  for (const std::size_t each : sorted_) {
    until[each] += cost(*nodes_[each].unit);
    if (last == kNobody || until[each] > until[last])
      last = each;
    for (const std::size_t next : nodes_[each].next)
      if (previous[next] == kNobody || until[each] > until[next]) {
        until[next] = until[each];
        previous[next] = each;
      }
  }
  std::vector<const Unit*> units;
  for (; last != kNobody; last = previous[last])
    units.push_back(nodes_[last].unit);
  std::reverse(units.begin(), units.end());
  return units;
}

std::map<std::string_view, Milliseconds> StopGraph::longest_from(const Cost& cost) const {
  std::vector<Milliseconds> from(nodes_.size(), Milliseconds(0));
  std::map<std::string_view, Milliseconds> by_name;
  for (auto each = sorted_.rbegin(); each != sorted_.rend(); ++each) {
    const Node& node = nodes_[*each];
    for (const std::size_t next : node.next)
      from[*each] = std::max(from[*each], from[next]);
    from[*each] += cost(*node.unit);
    by_name.emplace(node.unit->name.str(), from[*each]);
  }
  return by_name;
}

}  // namespace berth
