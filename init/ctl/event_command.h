// `berthctl events`: changes of state as they happen, and waiting for one.
#pragma once

#include "init/ctl/berth_link.h"
#include "init/ctl/options.h"
#include "init/ctl/output.h"

namespace berth::ctl {

/// Prints changes until berth ends, all states of --until were reached, or the time is over.
/// Returns the exit status.
int show_events(const Invocation& invocation, BerthLink& berth, const Output& output);

}  // namespace berth::ctl
