// What berth reads of /proc: only files that take no lock of another process (stat, status, statm,
// children). smaps_rollup, environ and cmdline can hang on a process in D state: a probe process
// reads those, never PID 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "units/result.h"

namespace berth::os {

struct ProcessStat {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';               ///< 'Z' = zombie
  int threads = 0;                ///< 0 once it has ended
  std::uint64_t start_ticks = 0;  ///< since boot: with the pid it names a process for ever

  /// Only its exit status is left. A process whose first thread has ended shows 'Z' too, while its
  /// other threads run on.
  bool has_ended() const { return (state == 'Z' || state == 'X') && threads <= 1; }
};

std::optional<ProcessStat> read_stat(pid_t pid);
/// The Groups: line of /proc/PID/status.
std::vector<gid_t> read_groups(pid_t pid);
/// Resident set, from statm.
std::optional<std::uint64_t> read_rss_bytes(pid_t pid);
/// /proc/PID/task/*/children; empty where the kernel has no such file.
std::vector<pid_t> read_children(pid_t pid);
/// Whether a file of /proc can be opened. Everything above reads as "there is none" where it
/// cannot, as for want of descriptors.
Result<void> look_at_proc();
/// Every pid in /proc.
std::vector<pid_t> list_pids();

}  // namespace berth::os
