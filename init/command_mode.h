// `berth -- CMD ARGS` alone: the duties of PID 1 around one command, and no unit.
#pragma once

#include "init/options.h"

namespace berth {

/// Runs until the command and everything that it left behind have ended. Reads no unit file, needs
/// no run dir and says nothing but errors. Returns berth's exit status.
int run_command_alone(const Options& options);

}  // namespace berth
