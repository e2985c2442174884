// The supplementary groups of whoever is at the other end of a Unix socket.
#pragma once

#include <vector>

#include <sys/types.h>

#include "init/os/fd.h"

namespace berth::os {

/// As they were when the peer connected (SO_PEERGROUPS, Linux 4.13); empty where the kernel cannot
/// tell.
std::vector<gid_t> peer_groups(BorrowedFd socket);

}  // namespace berth::os
