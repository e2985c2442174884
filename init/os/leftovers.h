// The end of every process that is still below this one.
#pragma once

#include <chrono>
#include <vector>

#include <sys/types.h>

namespace berth::os {

/// How long what belongs to no unit has to end, once everything else has.
inline constexpr std::chrono::milliseconds kOrphanGrace{1'000};

/// What ends with us: as PID 1 every other process of the namespace (the kernel would kill them
/// without a word), else every descendant; less `spared` ones, threads of the kernel, and what has
/// ended already. Without a /proc that shows this namespace: empty.
std::vector<pid_t> leftovers(const std::vector<pid_t>& spared);

/// SIGTERM (and SIGCONT) to all of them, SIGKILL to what is left after `grace`, and reaps, until
/// nothing is left; gives up on what SIGKILL does not end within two seconds. SIGTERM or SIGINT to
/// this process meanwhile ends the grace. Waits: only for when the loop is over.
/// REQUIRES: SIGCHLD, SIGTERM and SIGINT are blocked.
void end_leftovers(const std::vector<pid_t>& spared, std::chrono::milliseconds grace);

}  // namespace berth::os
