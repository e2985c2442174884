// Reaper: the one place where berth waits for processes.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "init/os/process.h"

namespace berth {

/// Gives each ended child to whoever is interested in it. As PID 1 or as a subreaper berth also
/// inherits the orphans of its units: those are reaped and counted. Owned by main().
class Reaper {
 public:
  using EndCallback = std::function<void(os::ExitStatus)>;

  /// Calls `ended` once, from drain(), when the child `pid` has ended. REQUIRES: called before the
  /// drain() that follows the spawn, so that the end cannot be missed.
  void expect(pid_t pid, EndCallback ended);
  /// Nobody is interested any more: its end counts as an orphan's. Does nothing for unknown pids.
  void forget(pid_t pid);
  /// Is told of every child that has ended, expected or not, before anybody else; one only.
  void set_observer(std::function<void(pid_t)> observer) { observer_ = std::move(observer); }

  /// Reaps until nothing is left; call it for each SIGCHLD. Callbacks may spawn, expect and forget.
  void drain();

  /// How many were reaped that nobody expected.
  std::uint64_t orphans() const { return orphans_; }

 private:
  std::unordered_map<pid_t, EndCallback> expected_;
  std::function<void(pid_t)> observer_;
  std::uint64_t orphans_ = 0;
};

}  // namespace berth
