// plan, graph, blame, critical-chain: questions about the graph, which a running berth answers, or
// for the first two the unit files alone.
#pragma once

#include "init/ctl/model.h"
#include "init/ctl/options.h"
#include "init/ctl/output.h"
#include "units/catalog.h"

namespace berth::ctl {

/// Whether the command is to be answered from unit files: verify, and plan and graph with --units
/// or --config.
bool is_offline(const Invocation& invocation);

/// Returns the exit status. REQUIRES: one of the commands above.
int show_graph(const Invocation& invocation, const UnitGraph& graph, const Output& output);
/// As show_graph(); errors of unit files are printed, and make it a failure.
int show_graph_of_files(const Invocation& invocation, const Catalog& catalog, const Output& output);

}  // namespace berth::ctl
