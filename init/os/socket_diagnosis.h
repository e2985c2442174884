// What the kernel's socket diagnosis knows: who listens on a TCP port, and whether a listening
// socket is in use. Not asked of /proc/net/tcp, whose length grows with every connection of the
// machine.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "units/values.h"

namespace berth::os {

/// The inodes of the sockets that listen on a TCP port, on any address of either family (man 7
/// sock_diag). nullopt where the kernel has no such diagnosis.
std::optional<std::vector<std::uint64_t>> diagnose_listeners(std::uint16_t port);

/// How the connections to one listening socket stand.
struct ListenerUse {
  bool connected = false;  ///< there is one that has not been closed by both sides
  /// How long ago the last one ended, if the kernel remembers one: it does for a minute if the
  /// server closed first, or if the client runs on this machine. Never of a Unix socket.
  std::optional<Milliseconds> ended_ago;
};
/// Never blocks. nullopt where the kernel has no such diagnosis.
std::optional<ListenerUse> diagnose_use(const Address& listener);

}  // namespace berth::os
