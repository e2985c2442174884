// Questions about the graph.
#include "init/ctl/graph_commands.h"

#include <algorithm>

#include "init/ctl/boot_times.h"
#include "init/ctl/commands.h"
#include "init/ctl/graph_views.h"
#include "init/ctl/unit_graph.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

int show_plan(const std::string& unit, const UnitGraph& graph, const Output& output) {
  const auto plan = make_plan(graph, unit);
  if (!plan)
    return report(plan.error(), output);
  output.out << (output.json ? plan_json(*plan, unit) : plan_text(*plan, unit, output));
  return kSuccess;
}

int show_dot(const std::string& unit, const UnitGraph& graph, const Output& output) {
  if (!unit.empty() && find_node(graph, unit) == nullptr)
    return report(no_such_node(graph, unit), output);
  const UnitGraph part = part_of_graph(graph, unit);
  output.out << (output.json ? graph_json(part) : graph_dot(part));
  return kSuccess;
}

int show_blame(const UnitGraph& graph, const Output& output) {
  const auto times = blame(graph);
  output.out << (output.json ? blame_json(times) : blame_text(times, output));
  return kSuccess;
}

int show_chain(const std::string& unit, const UnitGraph& graph, const Output& output) {
  const auto chain = critical_chain(graph, unit);
  if (!chain) {
    const int status = report(chain.error(), output);
    return status == kFailure ? kNotActive : status;
  }
  output.out << (output.json ? chain_json(graph, *chain)
                             : chain_text(graph, *chain, unit.empty(), output));
  return kSuccess;
}

}  // namespace

bool is_offline(const Invocation& invocation) {
  if (invocation.command == CommandId::verify)
    return true;
  const bool may_be =
      invocation.command == CommandId::plan || invocation.command == CommandId::graph;
  return may_be && (!invocation.folders.given.empty() || !invocation.folders.config.empty());
}

int show_graph(const Invocation& invocation, const UnitGraph& graph, const Output& output) {
  const std::string unit = invocation.arguments.empty() ? "" : invocation.arguments.front();
  switch (invocation.command) {
    case CommandId::plan:
      return show_plan(unit, graph, output);
    case CommandId::graph:
      return show_dot(unit, graph, output);
    case CommandId::blame:
      return show_blame(graph, output);
    case CommandId::critical_chain:
      return show_chain(unit, graph, output);
    default:
      return kFailure;
  }
}

int show_graph_of_files(const Invocation& invocation, const Catalog& catalog,
                        const Output& output) {
  for (const LoadError& error : catalog.errors)
    output.err << printable(error.str()) << '\n';
  const int status = show_graph(invocation, graph_of(catalog), output);
  return std::max(status, catalog.errors.empty() ? kSuccess : kFailure);
}

}  // namespace berth::ctl
