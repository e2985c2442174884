// RunDir: berth's folder in /run, held by one berth at a time.
#pragma once

#include <string>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth {

/// Makes RUN_DIR and RUN_DIR/units, where they are missing.
Result<void> make_run_dir(const std::string& run_dir);

/// Makes RUN_DIR and RUN_DIR/units and locks RUN_DIR/lock until the descriptor is closed. `exists`
/// if another berth holds it, with its pid in the message.
Result<os::UniqueFd> claim_run_dir(const std::string& run_dir);

}  // namespace berth
