// What each command of berthctl does with a running berth.
#pragma once

#include "init/ctl/berth_link.h"
#include "init/ctl/options.h"
#include "init/ctl/output.h"

namespace berth::ctl {

/// Runs a command that needs a running berth; returns the exit status. REQUIRES: not verify, not
/// help.
int run_command(const Invocation& invocation, BerthLink& berth, const Output& output);

/// Prints an error of the link's and returns the exit status that it means.
int report(const Error& error, const Output& output);

}  // namespace berth::ctl
