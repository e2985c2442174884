// A forked copy of this process that does one thing at the other end of a packet socket.
#pragma once

#include <chrono>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

/// Forks. The copy closes every descriptor but its own end, takes default signal dispositions, runs
/// `body` and exits without destructors; it dies with its parent. Returns our end, non-blocking.
/// REQUIRES: the process has one thread, and its SIGCHLD is ignored or reaped by somebody.
Result<UniqueFd> fork_worker(void (*body)(BorrowedFd socket));

/// For such a copy, which has no loop: waits until a packet is there. False if none came in time.
bool wait_for_packet(BorrowedFd socket, std::chrono::milliseconds limit);

}  // namespace berth::os
