// `berthctl plan` and `berthctl graph`: what units are to each other, for people and programs.
#pragma once

#include <string>

#include "init/ctl/model.h"
#include "init/ctl/output.h"
#include "init/ctl/plan.h"

namespace berth::ctl {

/// unit: as for make_plan().
std::string plan_text(const Plan& plan, const std::string& unit, const Output& output);
std::string plan_json(const Plan& plan, const std::string& unit);

/// The part of the graph that matters to `unit`: itself, all that it needs or comes after, and all
/// that needs it. Empty = everything but tenants at rest.
UnitGraph part_of_graph(const UnitGraph& graph, const std::string& unit);
/// The DOT language (graphviz.org/doc/info/lang.html). An arrow leads from a unit to what it waits
/// for.
std::string graph_dot(const UnitGraph& graph);
std::string graph_json(const UnitGraph& graph);

}  // namespace berth::ctl
