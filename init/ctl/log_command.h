// `berthctl logs`.
#pragma once

#include "init/ctl/berth_link.h"
#include "init/ctl/options.h"
#include "init/ctl/output.h"

namespace berth::ctl {

/// Prints the kept lines, and with --follow the later ones until berth ends. Returns the exit
/// status.
int show_log(const Invocation& invocation, BerthLink& berth, const Output& output);

}  // namespace berth::ctl
