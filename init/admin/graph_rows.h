// Units with their bonds and times, as ListGraph carries them.
#pragma once

#include <string>
#include <vector>

#include <sdbus-c++/sdbus-c++.h>

#include "units/snapshot.h"

namespace berth::admin {

/// The key that says so, and the unit that it names.
using BondRow = sdbus::Struct<std::string, std::string>;
using GraphRow = sdbus::Struct<std::string, std::string, std::string, std::string, bool,
                               std::vector<BondRow>, std::uint64_t, std::uint64_t, std::uint64_t>;
/// A unit and its state.
using StateRow = sdbus::Struct<std::string, std::string>;

std::vector<GraphRow> graph_rows(const Snapshot& snapshot);
std::vector<StateRow> state_rows(const Snapshot& snapshot);

}  // namespace berth::admin
