// Comparing the times that PID 1 has noted.
#include "init/ctl/boot_times.h"

#include <algorithm>
#include <tuple>

#include "init/ctl/json_writer.h"
#include "init/ctl/table.h"
#include "init/ctl/unit_graph.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

/// Times noted by one clock in order, but a graph may come from anywhere.
std::uint64_t between(std::uint64_t from, std::uint64_t to) {
  return to > from ? to - from : 0;
}

bool is_getting_ready(const GraphNode& node) {
  return node.state == "preparing" || node.state == "starting" ||
         (node.kind == "job" && node.state == "running");
}

/// Of several that are up, the one that was up last and not after `limit`; null if none was.
const GraphNode* last_up(const std::vector<const GraphNode*>& nodes, std::uint64_t limit) {
  const GraphNode* last = nullptr;
  for (const GraphNode* node : nodes)
    if (node->up_us != 0 && node->up_us <= limit && (last == nullptr || node->up_us > last->up_us))
      last = node;
  return last;
}

/// What `node` waited for last: only if that was up after `node` was queued did it wait at all.
const GraphNode* decided_by(const GraphNode& node, const UnitGraph& graph,
                            const StartOrder& order) {
  std::vector<const GraphNode*> awaited;
  for (const Dependency& dependency : order.waits_for(node.name))
    if (const GraphNode* other = find_node(graph, dependency.unit))
      awaited.push_back(other);
  const GraphNode* last = last_up(awaited, node.begun_us);
  return last != nullptr && last->up_us > node.queued_us ? last : nullptr;
}

const GraphNode* last_of_boot(const UnitGraph& graph) {
  std::vector<const GraphNode*> nodes;
  for (const GraphNode& node : graph.nodes)
    if (node.kind != "tenant")
      nodes.push_back(&node);
  return last_up(nodes, graph.booted_us != 0 ? graph.booted_us : graph.now_us);
}

Error not_up(const GraphNode& node) {
  return Error{ErrorCode::invalid,
               node.name + " is " + node.state + ", and was not ready since it was last started"};
}

}  // namespace

std::vector<UnitTime> blame(const UnitGraph& graph) {
  std::vector<UnitTime> times;
  for (const GraphNode& node : graph.nodes) {
    const bool ready = node.up_us != 0;
    if (node.begun_us == 0 || (!ready && !is_getting_ready(node)))
      continue;
    times.push_back(UnitTime{&node, between(node.queued_us, node.begun_us),
                             between(node.begun_us, ready ? node.up_us : graph.now_us), ready});
  }
  std::sort(times.begin(), times.end(), [](const UnitTime& a, const UnitTime& b) {
    return std::tuple(b.took_us, std::string_view(a.node->name)) <
           std::tuple(a.took_us, std::string_view(b.node->name));
  });
  return times;
}

std::string blame_text(const std::vector<UnitTime>& times, const Output& output) {
  if (times.empty())
    return "no unit has been started\n";
  Table table({{"TOOK", Align::right}, {"WAITED", Align::right}, {"UNIT"}, {"STATE"}});
  for (const UnitTime& time : times)
    table.add({{precisely(time.took_us)},
               {precisely(time.waited_us)},
               {printable(time.node->name)},
               {time.ready ? "" : "not ready yet", Colour::yellow}});
  return table.render(output);
}

std::string blame_json(const std::vector<UnitTime>& times) {
  JsonWriter json;
  json.begin_array();
  for (const UnitTime& time : times) {
    json.begin_object();
    json.member("unit", time.node->name);
    json.member("took_us", time.took_us);
    json.member("waited_us", time.waited_us);
    json.member("ready", time.ready);
    json.end_object();
  }
  json.end_array();
  return std::move(json).take();
}

Result<std::vector<const GraphNode*>> critical_chain(const UnitGraph& graph,
                                                     const std::string& unit) {
  const GraphNode* node = unit.empty() ? last_of_boot(graph) : find_node(graph, unit);
  if (node == nullptr)
    return unit.empty() ? Error{ErrorCode::invalid, "no unit has become ready"}
                        : no_such_node(graph, unit);
  if (node->up_us == 0)
    return not_up(*node);
  const StartOrder order = order_of(graph);
  std::vector<const GraphNode*> chain;
  for (; node != nullptr && chain.size() < graph.nodes.size();
       node = decided_by(*node, graph, order))
    chain.push_back(node);
  return chain;
}

std::string chain_text(const UnitGraph& graph, const std::vector<const GraphNode*>& chain,
                       bool is_of_boot, const Output& output) {
  std::string text =
      "After @: when the unit was ready, since the start of berth. After +: how long "
      "it took.\n\n";
  std::string indent;
  if (is_of_boot) {
    text += graph.booted_us == 0
                ? "boot, which is not over\n"
                : "boot @" + precisely(between(graph.begun_us, graph.booted_us)) + '\n';
    indent = "└─";
  }
  for (const GraphNode* node : chain) {
    text += indent + output.paint(Colour::bold, printable(node->name)) + " @" +
            precisely(between(graph.begun_us, node->up_us)) + " +" +
            precisely(between(node->begun_us, node->up_us)) + '\n';
    indent = indent.empty() ? "└─" : "  " + indent;
  }
  return text;
}

std::string chain_json(const UnitGraph& graph, const std::vector<const GraphNode*>& chain) {
  JsonWriter json;
  json.begin_object();
  json.member("booted_us", graph.booted_us == 0 ? std::optional<std::uint64_t>()
                                                : between(graph.begun_us, graph.booted_us));
  json.key("chain");
  json.begin_array();
  for (const GraphNode* node : chain) {
    json.begin_object();
    json.member("unit", node->name);
    json.member("at_us", between(graph.begun_us, node->up_us));
    json.member("took_us", between(node->begun_us, node->up_us));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::move(json).take();
}

}  // namespace berth::ctl
