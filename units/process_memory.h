// What a memory probe says of processes: the helper `berth --helper memory` writes it, PID 1 and
// berth-admin read it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace berth {

/// One process. A figure is missing where it could not be read.
struct ProcessMemory {
  std::optional<std::uint64_t> resident, proportional, private_memory, swapped;  ///< bytes
  bool operator==(const ProcessMemory&) const = default;
};
using ProcessTable = std::map<std::int32_t, ProcessMemory>;

/// The lines "PID RSS_KB PSS_KB PRIVATE_KB SWAP_KB" of the probes, "-" where not readable. Lines of
/// another form are left out.
ProcessTable parse_probe_lines(std::string_view text);

}  // namespace berth
