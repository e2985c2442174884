// HelperRun: one helper of one life, waited for, and judged by its exit status and by what it says.
#pragma once

#include <functional>
#include <string>

#include "init/os/event_loop.h"
#include "init/os/process.h"
#include "init/reaper.h"

namespace berth {

/// Owned by the life that needs it. Destroy it to be told no more; the helper is killed.
class HelperRun {
 public:
  /// A helper that has been started. It has a time limit of its own.
  struct Started {
    os::Spawned helper;
    os::UniqueFd messages;  ///< non-blocking; at its other end is the helper's standard error
    std::size_t most_said = 2048;  ///< what it says beyond that is not kept
  };
  /// What it said, the lines joined by "; ". An error is why it failed, as a rule its own words.
  using Done = std::function<void(Result<std::string> said)>;

  /// Calls `done` once, from the loop; it may destroy this object.
  HelperRun(os::EventLoop& loop, Reaper& reaper, Started started, Done done);
  ~HelperRun();
  HelperRun(const HelperRun&) = delete;
  HelperRun& operator=(const HelperRun&) = delete;

  pid_t pid() const { return started_.helper.pid; }

 private:
  /// Reads what is there; stops watching at the end.
  void read_messages();
  void on_exit(const os::ExitStatus& status);
  Result<std::string> judge(const os::ExitStatus& status) const;

  os::EventLoop& loop_;
  Reaper& reaper_;
  Started started_;
  Done done_;
  os::FunctionHandler on_message_;
  std::string said_;
};

}  // namespace berth
