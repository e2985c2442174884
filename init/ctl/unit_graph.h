// The graph of units, as berth tells it or as unit files say.
#pragma once

#include <string_view>

#include "init/ctl/model.h"
#include "units/catalog.h"
#include "units/start_order.h"

namespace berth::ctl {

/// No states and no times.
UnitGraph graph_of(const Catalog& catalog);

/// Who waits for whom: what PID 1 itself goes by.
StartOrder order_of(const UnitGraph& graph);

/// The unit called `name`, or null.
const GraphNode* find_node(const UnitGraph& graph, std::string_view name);
/// "there is no unit rdis; did you mean "redis"?"
Error no_such_node(const UnitGraph& graph, const std::string& name);

/// Nothing of the unit runs, or nobody has looked.
bool is_at_rest(const GraphNode& node);

}  // namespace berth::ctl
