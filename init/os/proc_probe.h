// What only short-lived helpers read of /proc, never PID 1: these files take another process's
// locks, and can hang while it is in D state.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

namespace berth::os {

/// Of /proc/PID/smaps_rollup; kibibytes.
struct MemoryFigures {
  std::uint64_t rss = 0;
  std::uint64_t pss = 0;
  std::uint64_t private_memory = 0;  ///< Private_Clean and Private_Dirty
  std::uint64_t swap = 0;
};
/// Nothing where we may not look (another uid without CAP_SYS_PTRACE), or for a kernel thread.
std::optional<MemoryFigures> read_memory(pid_t pid);

/// The inodes of the sockets that listen on a TCP port, on any address of either family.
std::vector<std::uint64_t> listening_inodes(std::uint16_t port);
/// The inodes of all sockets that a process holds; empty where we may not look.
std::vector<std::uint64_t> socket_inodes(pid_t pid);

}  // namespace berth::os
