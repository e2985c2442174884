// The folder of `[shutdown] state`, which outlives the container: what the last end was like. Only
// for helpers: the volume that it lies on may hang.
#pragma once

#include <string>

#include "units/result.h"

namespace berth {

/// Makes the folder if it is missing, but nothing above it: where a volume was not mounted, there
/// is nothing to keep. `denied` if anybody but root and ourselves may write to it.
Result<void> prepare_state_folder(const std::string& folder);

/// Returns what write_last_end() has left there, "" if nothing, and notes that berth runs: unless
/// it comes to its end, that note is what the next berth finds.
Result<std::string> begin_state(const std::string& folder);

/// Replaces all that by `lines`, which say what was cut short; empty = nothing was.
Result<void> write_last_end(const std::string& folder, const std::string& lines);

}  // namespace berth
