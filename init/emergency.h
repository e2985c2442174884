// `berth --emergency`: what a broken berth becomes.
#pragma once

namespace berth {

/// Ends every process below, the gentle way first, and returns the exit status of a crash; on a
/// kernel of its own it switches the machine off instead. REQUIRES: executed by the crash handler
/// in the place of berth: the processes are this one's children.
int run_emergency();

}  // namespace berth
