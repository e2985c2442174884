// MemoryProbe: the proportional set sizes of processes, read by helpers, for PID 1 itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "init/launcher.h"
#include "init/os/event_loop.h"
#include "init/reaper.h"
#include "units/process_memory.h"

namespace berth {

/// One measurement at a time. Each user's processes are read by a helper that has become that user:
/// root without CAP_SYS_PTRACE may not read others' smaps_rollup, and the file can hang.
class MemoryProbe {
 public:
  using Done = std::function<void(const ProcessTable&)>;
  MemoryProbe(os::EventLoop& loop, Launcher& launcher, Reaper& reaper)
      : loop_(loop), launcher_(launcher), reaper_(reaper) {}
  ~MemoryProbe() { close(); }
  MemoryProbe(const MemoryProbe&) = delete;
  MemoryProbe& operator=(const MemoryProbe&) = delete;

  /// The processes of one user.
  struct Wanted {
    FoundNames names;  ///< of a user that is in no file
    std::vector<pid_t> pids;
  };
  /// Calls `done` once, with what was read within a second; processes may be missing. Returns false
  /// if nothing can be asked: a helper of an earlier measurement has not ended yet.
  bool start(const std::map<std::string, Wanted>& by_user, Done done);

 private:
  void ask(const std::string& user, const Wanted& wanted, os::BorrowedFd output);
  void read_lines();
  void finish();
  void close();

  os::EventLoop& loop_;
  Launcher& launcher_;
  Reaper& reaper_;
  os::UniqueFd pipe_;
  std::unique_ptr<os::FdHandler> handler_;
  os::TimerId deadline_ = os::kNoTimer;
  std::string lines_;
  Done done_;
  unsigned helpers_ = 0;  ///< that have not ended
};

}  // namespace berth
