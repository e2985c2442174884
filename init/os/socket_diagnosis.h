// Who listens on a TCP port: asked of the kernel's socket diagnosis, not of /proc/net/tcp, whose
// length grows with every connection of the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace berth::os {

/// The inodes of the sockets that listen on a TCP port, on any address of either family (man 7
/// sock_diag). nullopt where the kernel has no such diagnosis.
std::optional<std::vector<std::uint64_t>> diagnose_listeners(std::uint16_t port);

}  // namespace berth::os
