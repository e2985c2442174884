// What berth does for each signal that it is sent: [signals] of berth.toml, and what holds without.
#pragma once

#include <vector>

#include "units/unit.h"

namespace berth {

/// What the configuration says about `signal`, else the default: SIGTERM, SIGINT, SIGPWR,
/// SIGRTMIN+3 and +4 shut down, SIGRTMIN+5 restarts, SIGHUP reloads, everything else is forwarded
/// to the unit that is `main` (an empty name).
SignalRule signal_rule(const BerthConfig& config, int signal);

/// All that berth takes: what is not its own fault (SIGSEGV …), cannot be taken (SIGKILL, SIGSTOP)
/// or is the C library's (32, 33).
std::vector<int> signals_taken();
/// Those of them that [signals] may be about.
std::vector<int> signals_configurable();
/// Whether it may go to somebody else: not SIGCHLD, SIGPIPE, and what terminals send to jobs in the
/// background.
bool is_passed_on(int signal);

}  // namespace berth
