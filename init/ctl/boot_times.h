// `berthctl blame` and `berthctl critical-chain`: where the time of a boot went.
#pragma once

#include <string>
#include <vector>

#include "init/ctl/model.h"
#include "init/ctl/output.h"
#include "units/result.h"

namespace berth::ctl {

/// How long a unit took, from being allowed to start until it was ready.
struct UnitTime {
  const GraphNode* node = nullptr;
  std::uint64_t waited_us = 0;  ///< for others, before it was allowed to
  std::uint64_t took_us = 0;    ///< until now, if it is not ready
  bool ready = true;
};
/// The longest first. What has never been started is left out, and what failed before it was ready.
std::vector<UnitTime> blame(const UnitGraph& graph);
std::string blame_text(const std::vector<UnitTime>& times, const Output& output);
std::string blame_json(const std::vector<UnitTime>& times);

/// The units that decided when `unit` was up, that one first: each could begin only when the next
/// one was up. unit: empty = the last one of the boot. Errors: not_found; invalid = it is not
/// up.
Result<std::vector<const GraphNode*>> critical_chain(const UnitGraph& graph,
                                                     const std::string& unit);
std::string chain_text(const UnitGraph& graph, const std::vector<const GraphNode*>& chain,
                       bool is_of_boot, const Output& output);
std::string chain_json(const UnitGraph& graph, const std::vector<const GraphNode*>& chain);

}  // namespace berth::ctl
