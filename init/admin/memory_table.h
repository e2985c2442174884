// What the memory probes say, joined with the units that the processes belong to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "units/process_memory.h"
#include "units/snapshot.h"

namespace berth::admin {

/// One unit, or one of berth's own processes. A figure is missing if it is of one of its processes.
struct UnitMemory {
  std::string name;
  std::string kind;  ///< of the unit; "berth" for berth's own
  std::uint32_t processes = 0;
  ProcessMemory sum;
  std::string
      measured_by;  ///< "cgroup v2", "cgroup v1"; "PSS", or "RSS" where that is not readable
  std::optional<std::uint64_t> in_cgroup;  ///< bytes, the page cache included
  bool operator==(const UnitMemory&) const = default;
};

/// Every unit that has processes, and berth itself. `complete`: all probes have ended, so a process
/// that nobody spoke of is gone and counts nothing; otherwise its figures are missing.
std::vector<UnitMemory> join_memory(const Snapshot& snapshot, const ProcessTable& processes,
                                    bool complete);

/// "service", "job", "tenant", "proxy".
std::string kind_name(UnitKind kind);

}  // namespace berth::admin
