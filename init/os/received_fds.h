// Descriptors that came with a message of a Unix socket.
#pragma once

#include <cstddef>
#include <vector>

#include <sys/socket.h>

#include "init/os/fd.h"

namespace berth::os {

/// What fits into a control buffer with all descriptors that one message can have: SCM_MAX_FD of
/// the kernel (man 7 unix). For those without room the kernel closes them, and waits if one is a
/// socket that lingers.
inline constexpr std::size_t kFdsRoom = CMSG_SPACE(sizeof(int) * 253);

/// Adds the first of the descriptors in `message` to `fds` until that holds `most`, and closes the
/// rest. None of them makes us wait when it is closed: SO_LINGER is off.
/// REQUIRES: received with MSG_CMSG_CLOEXEC.
void take_received_fds(msghdr& message, std::size_t most, std::vector<UniqueFd>& fds);

}  // namespace berth::os
