// Who belongs to a unit, cgroup or not: the supplementary group id that berth reserved for it (kept
// over fork, exec and setsid), then the sessions that its processes made, then descent.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

#include "init/os/proc_fs.h"

namespace berth {

/// The marks of one unit's life.
struct UnitMarks {
  pid_t main_pid = 0;             ///< 0 = ended
  pid_t session = 0;              ///< of the main process (its pid at start)
  std::optional<gid_t> unit_gid;  ///< reserved for the unit; nullopt where the kernel refuses
};

/// The gids that one berth marks its units with: a million from 2,000,000,000 up, chosen at random,
/// so that a berth that sees another one's processes (from outside their PID namespace) does not
/// take them for its own.
class UnitGids {
 public:
  /// nullopt where the kernel does not let us give a process these gids (CAP_SETGID, gid_map).
  /// Tries it on berth itself and undoes it: call it once, before the loop runs.
  static std::optional<UnitGids> reserve(std::uint64_t random);

  /// Of the unit with this index; wraps around after a million.
  gid_t of(std::uint32_t index) const;

 private:
  explicit UnitGids(gid_t first) : first_(first) {}
  gid_t first_;
};

/// One look at /proc for several units: result[i] = live pids (no zombies) of units[i], its main
/// process included, never one of `spared` (main processes of other live units and berth's own),
/// nor a descendant of a spared one, nor in the session of one. Starts from PID 1's own children
/// and does not descend into spared ones; all of /proc is read only if `thorough`, or where the
/// kernel does not list children. Processes may be born meanwhile: kill and look again until
/// nothing is found. Without a unit_gid, what has made a session of its own and lost its parents
/// cannot be told from a stranger and is not found.
std::vector<std::vector<pid_t>> find_members(const std::vector<UnitMarks>& units,
                                             const std::vector<pid_t>& spared, bool thorough);
/// What a process shows of whom it belongs to.
struct ProcessMarks {
  pid_t pid = 0;
  pid_t session = 0;
  std::optional<gid_t> unit_gid;  ///< of the unit that it is marked for
};
/// Those of `pid` and of its ancestors below berth, nearest first, then those of its session's
/// leader and its ancestors; not beyond one that is marked for a unit. Empty if there is no such
/// process.
std::vector<ProcessMarks> marks_of_process(pid_t pid);
/// SIGKILL (or `signal`) to one of them, after checking again that it still is one (pid reuse).
void signal_member(pid_t pid, const UnitMarks& marks, int signal);

}  // namespace berth
