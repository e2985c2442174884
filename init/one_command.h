// OneCommand: the command of `berth -- CMD ARGS`. It has berth's own standard input, output and
// error, the terminal if there is one, and every signal that berth is sent; its exit status becomes
// berth's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "init/os/event_loop.h"
#include "init/os/process.h"
#include "init/reaper.h"
#include "init/settings.h"
#include "units/values.h"

namespace berth {

class OneCommand {
 public:
  /// argv: not empty. Owned by main(); the others outlive it.
  OneCommand(os::EventLoop& loop, Reaper& reaper, const Settings& settings,
             std::vector<std::string> argv);
  ~OneCommand();
  OneCommand(const OneCommand&) = delete;
  OneCommand& operator=(const OneCommand&) = delete;

  /// Starts it; `ended` is called once, from the loop, when it has ended or cannot be executed.
  void start(std::function<void()> ended);
  void signal(int signal);
  /// Tells it to end by SIGTERM, and SIGKILL after `grace`; the second time by SIGKILL at once.
  /// why: for the log. False, and nothing is done, while it does not run.
  bool end(const std::string& why, Milliseconds grace);
  bool has_begun() const { return life_ != Life::not_begun; }
  bool is_told_to_end() const { return life_ == Life::told_to_end || life_ == Life::hurried; }
  /// Told to end more than once.
  bool was_hurried() const { return life_ == Life::hurried; }
  /// What to do for SIGCHLD before the reaper is drained: a shell's Ctrl-Z stops berth as well,
  /// and without a shell above it the command goes on at once, since nobody could continue it.
  void look_whether_stopped();
  /// 128 + n for signal n; 127 if there is no such program, 126 if it cannot be executed.
  int status() const { return status_; }

 private:
  enum class Life : std::uint8_t { not_begun, begun, told_to_end, hurried };
  void on_exit(const os::ExitStatus& exit);
  void cannot(const std::string& why, int status);

  os::EventLoop& loop_;
  Reaper& reaper_;
  const Settings& settings_;
  std::vector<std::string> argv_;
  std::function<void()> ended_;
  std::string program_;  ///< the path that is executed, for messages
  Life life_ = Life::not_begun;
  pid_t pid_ = 0;  ///< 0 = not started, or ended
  os::UniqueFd pidfd_;
  os::UniqueFd report_;
  os::TimerId failure_ = os::kNoTimer;
  os::TimerId grace_ = os::kNoTimer;
  int status_ = 0;
};

}  // namespace berth
