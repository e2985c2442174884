// AuxCommands: a list of a unit's commands run one after the other (before_start, after_stop, …),
// each with a time limit.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "init/os/event_loop.h"
#include "init/os/process.h"
#include "init/reaper.h"
#include "units/values.h"

namespace berth {

/// Makes a process of `command`; its output goes where the unit's goes.
using AuxSpawner = std::function<Result<os::Spawned>(const Command& command)>;

/// One run through a list. Destroy it to be told no more; kill() what runs first.
class AuxCommands {
 public:
  /// `done` is called once, from the loop: nullopt when all have succeeded, else why the first one
  /// failed
  /// ("before_start "mkdir x": exit status 1"). `label` names the key. default_limit: for commands
  /// without a timeout.
  AuxCommands(os::EventLoop& loop, Reaper& reaper, AuxSpawner spawner, std::string label,
              std::vector<Command> commands, Milliseconds default_limit,
              std::function<void(std::optional<std::string> failure)> done);
  ~AuxCommands();
  AuxCommands(const AuxCommands&) = delete;
  AuxCommands& operator=(const AuxCommands&) = delete;

  /// Begins; `done` may not be called before this returns.
  void start();
  /// SIGKILL to the command that runs and to its process group; it ends with a failure.
  void kill();
  pid_t pid() const { return pid_; }
  /// How many commands have begun, and how the last one ended, if it was executed.
  std::size_t begun() const { return next_; }
  const std::optional<os::ExitStatus>& last_status() const { return last_status_; }

 private:
  void run_next();
  void on_exit(const os::ExitStatus& status);
  void finish_later(std::optional<std::string> failure);
  std::string quoted_command() const;

  os::EventLoop& loop_;
  Reaper& reaper_;
  AuxSpawner spawner_;
  std::string label_;
  std::vector<Command> commands_;
  Milliseconds default_limit_;
  std::function<void(std::optional<std::string>)> done_;
  std::size_t next_ = 0;
  pid_t pid_ = 0;
  os::UniqueFd pidfd_;
  os::UniqueFd report_;
  os::TimerId limit_ = os::kNoTimer;
  os::TimerId finish_ = os::kNoTimer;
  bool timed_out_ = false;
  std::optional<os::ExitStatus> last_status_;
};

}  // namespace berth
