// Graphs from both sources.
#include "init/ctl/unit_graph.h"

#include <algorithm>
#include <array>

#include "units/suggestion.h"

namespace berth::ctl {
namespace {

std::string kind_word(UnitKind kind) {
  switch (kind) {
    case UnitKind::service:
      return "service";
    case UnitKind::job:
      return "job";
    case UnitKind::tenant:
      return "tenant";
    case UnitKind::proxy:
      break;
  }
  return "proxy";
}

std::string start_word(StartWhen start) {
  switch (start) {
    case StartWhen::boot:
      return "boot";
    case StartWhen::demand:
      return "demand";
    case StartWhen::manual:
      break;
  }
  return "manual";
}

struct KeyOfBond {
  const char* key;
  std::vector<std::string> UnitInfo::*names;
};
constexpr std::array kBonds{KeyOfBond{"requires", &UnitInfo::requires_units},
                            KeyOfBond{"wants", &UnitInfo::wants},
                            KeyOfBond{"after", &UnitInfo::after},
                            KeyOfBond{"before", &UnitInfo::before},
                            KeyOfBond{"conflicts", &UnitInfo::conflicts},
                            KeyOfBond{"part_of", &UnitInfo::part_of}};

}  // namespace

UnitGraph graph_of(const Catalog& catalog) {
  UnitGraph graph;
  for (const auto& [name, unit] : catalog.units) {
    GraphNode node;
    node.name = name;
    node.kind = kind_word(unit.kind);
    const auto stock = catalog.stock.find(name);
    node.start =
        stock != catalog.stock.end() && stock->second ? "stock" : start_word(unit.info.start);
    for (const KeyOfBond& bond : kBonds)
      for (const std::string& other : unit.info.*bond.names)
        node.bonds.push_back(BondTo{bond.key, other});
    graph.nodes.push_back(std::move(node));
  }
  return graph;
}

StartOrder order_of(const UnitGraph& graph) {
  StartOrder order;
  for (const GraphNode& node : graph.nodes) {
    auto name = UnitName::parse(node.name);
    if (!name)
      continue;
    Unit unit;
    unit.name = *std::move(name);
    for (const KeyOfBond& bond : kBonds)
      for (const BondTo& each : node.bonds)
        if (each.key == bond.key)
          (unit.info.*bond.names).push_back(each.unit);
    order.add(unit);
  }
  order.finish();
  return order;
}

const GraphNode* find_node(const UnitGraph& graph, std::string_view name) {
  const auto found = std::lower_bound(
      graph.nodes.begin(), graph.nodes.end(), name,
      [](const GraphNode& node, std::string_view wanted) { return node.name < wanted; });
  return found != graph.nodes.end() && found->name == name ? &*found : nullptr;
}

Error no_such_node(const UnitGraph& graph, const std::string& name) {
  std::vector<std::string_view> names;
  for (const GraphNode& node : graph.nodes)
    names.emplace_back(node.name);
  return Error{ErrorCode::not_found, "there is no unit " + name + did_you_mean(name, names)};
}

bool is_at_rest(const GraphNode& node) {
  return node.state.empty() || node.state == "inactive" || node.state == "exited" ||
         node.state == "failed" || node.state == "skipped";
}

}  // namespace berth::ctl
