// Plans as tables, graphs as DOT.
#include "init/ctl/graph_views.h"

#include <algorithm>
#include <map>
#include <set>

#include "init/ctl/json_writer.h"
#include "init/ctl/table.h"
#include "init/ctl/unit_graph.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

using Action = PlanStep::Action;

struct ActionWords {
  const char* text;
  const char* json;
  Colour colour;
};

ActionWords words_of(Action action) {
  switch (action) {
    case Action::starts:
      return {"starts", "start", Colour::yellow};
    case Action::under_way:
      return {"is under way", "under-way", Colour::yellow};
    case Action::is_up:
      return {"is up", "up", Colour::green};
    case Action::is_done:
      return {"is done", "done", Colour::green};
  }
  return {"", "", Colour::none};
}

constexpr const char* kConflicts = "conflicts";

/// One line of the DOT language.
std::string edge(std::string_view from, std::string_view to, std::string_view attributes) {
  std::string line = "  \"";
  line += from;
  line += "\" -> \"";
  line += to;
  line += '"';
  line += attributes;
  return line + ";\n";
}

const char* style_of(Bond bond) {
  switch (bond) {
    case Bond::requires_it:
      return "";
    case Bond::wants_it:
      return " [style=dashed]";
    case Bond::after:
      break;
  }
  return " [style=dotted]";
}

std::string fill_of(const std::string& state) {
  switch (colour_of(state)) {
    case Colour::green:
      return "palegreen";
    case Colour::red:
      return "lightcoral";
    case Colour::dim:
      return "lightgrey";
    default:
      return "khaki";
  }
}

std::string shape_of(const std::string& kind) {
  static const std::map<std::string, std::string> kShapes = {
      {"job", "note"}, {"tenant", "ellipse"}, {"proxy", "house"}};
  const auto found = kShapes.find(kind);
  return found == kShapes.end() ? "box" : found->second;
}

std::string node_line(const GraphNode& node) {
  std::string label = node.name;
  std::string fill = "white";
  if (!node.state.empty()) {
    label += "\\n" + node.state;
    fill = fill_of(node.state);
  }
  return "  \"" + node.name + "\" [label=\"" + label + "\", shape=" + shape_of(node.kind) +
         ", fillcolor=" + fill + "];\n";
}

/// `unit`, and what `next` leads to from there.
template <typename Next>
void add_reachable(std::string_view unit, std::set<std::string, std::less<>>& found, Next next) {
  std::vector<std::string_view> open{unit};
  std::set<std::string_view> seen{unit};
  while (!open.empty()) {
    const std::string_view current = open.back();
    open.pop_back();
    found.emplace(current);
    for (const Dependency& each : next(current))
      if (seen.insert(each.unit).second)
        open.push_back(each.unit);
  }
}

}  // namespace

std::string plan_text(const Plan& plan, const std::string& unit, const Output& output) {
  if (plan.steps.empty())
    return "nothing starts at boot\n";
  Table table({{"RANK", Align::right}, {"UNIT"}, {"WHAT"}, {"WHY"}});
  for (const PlanStop& stop : plan.stops)
    table.add({{}, {printable(stop.node->name)}, {"stops first", Colour::red}, {stop.why}});
  std::size_t starting = 0;
  for (const PlanStep& step : plan.steps) {
    const ActionWords words = words_of(step.action);
    starting += step.action == Action::starts ? 1 : 0;
    table.add({{step.rank == 0 ? "" : std::to_string(step.rank)},
               {printable(step.node->name)},
               {words.text, words.colour},
               {join(step.why, ", ")}});
  }
  const unsigned ranks = plan.steps.back().rank;
  return table.render(output) + '\n' + (unit.empty() ? "the boot" : "a start of " + unit) +
         " would start " + count_of(starting, "unit") + " in " + count_of(ranks, "rank") + '\n';
}

std::string plan_json(const Plan& plan, const std::string& unit) {
  JsonWriter json;
  json.begin_object();
  json.member("unit", unit.empty() ? std::optional<std::string>() : unit);
  json.key("steps");
  json.begin_array();
  for (const PlanStep& step : plan.steps) {
    json.begin_object();
    json.member("unit", step.node->name);
    json.member("rank", step.rank);
    json.member("action", words_of(step.action).json);
    json.member("state", step.node->state);
    json.member("why", step.why);
    json.end_object();
  }
  json.end_array();
  json.key("stops");
  json.begin_array();
  for (const PlanStop& stop : plan.stops) {
    json.begin_object();
    json.member("unit", stop.node->name);
    json.member("why", stop.why);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::move(json).take();
}

UnitGraph part_of_graph(const UnitGraph& graph, const std::string& unit) {
  UnitGraph part = graph;
  if (unit.empty()) {
    std::erase_if(part.nodes, [](const GraphNode& node) {
      return node.kind == "tenant" && !node.state.empty() && is_at_rest(node);
    });
    return part;
  }
  const StartOrder order = order_of(graph);
  std::set<std::string, std::less<>> wanted;
  add_reachable(unit, wanted, [&order](std::string_view name) { return order.waits_for(name); });
  add_reachable(unit, wanted, [&order](std::string_view name) {
    std::vector<Dependency> needing = order.waited_for_by(name);
    std::erase_if(needing, [](const Dependency& each) { return each.bond == Bond::after; });
    return needing;
  });
  for (const GraphNode& node : graph.nodes)
    for (const BondTo& bond : node.bonds)
      if (bond.key == kConflicts && (node.name == unit || bond.unit == unit)) {
        wanted.insert(node.name);
        wanted.insert(bond.unit);
      }
  std::erase_if(part.nodes, [&](const GraphNode& node) { return wanted.count(node.name) == 0; });
  return part;
}

std::string graph_dot(const UnitGraph& graph) {
  const StartOrder order = order_of(graph);
  std::string nodes, edges;
  std::set<std::pair<std::string_view, std::string_view>> conflicts;
  for (const GraphNode& node : graph.nodes) {
    nodes += node_line(node);
    for (const Dependency& dependency : order.waits_for(node.name))
      if (find_node(graph, dependency.unit) != nullptr)
        edges += edge(node.name, dependency.unit, style_of(dependency.bond));
    for (const BondTo& bond : node.bonds)
      if (bond.key == kConflicts && find_node(graph, bond.unit) != nullptr)
        conflicts.insert(std::minmax<std::string_view>(node.name, bond.unit));
  }
  for (const auto& [one, other] : conflicts)
    edges += edge(one, other, " [color=red, dir=none, constraint=false]");
  return "digraph berth {\n  rankdir=LR;\n  node [style=filled];\n" + nodes + edges + "}\n";
}

std::string graph_json(const UnitGraph& graph) {
  JsonWriter json;
  json.begin_array();
  for (const GraphNode& node : graph.nodes) {
    json.begin_object();
    json.member("unit", node.name);
    json.member("kind", node.kind);
    json.member("state", node.state);
    json.member("start", node.start);
    json.key("bonds");
    json.begin_array();
    for (const BondTo& bond : node.bonds) {
      json.begin_object();
      json.member("bond", bond.key);
      json.member("unit", bond.unit);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  return std::move(json).take();
}

}  // namespace berth::ctl
