// Runs: the jobs that requests have started. One run a job.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "init/os/fd.h"
#include "units/cgi.h"
#include "units/control.h"

namespace berth::proxy {

/// Who has started a run, and is told of it.
class RunUser {
 public:
  virtual ~RunUser() = default;
  virtual void on_run(control::RunPhase phase) noexcept = 0;
};

/// Where runs are asked for.
class RunSender {
 public:
  virtual ~RunSender() = default;
  virtual void send_run(const control::RunJob& message, std::vector<os::UniqueFd> pipes) = 0;
  virtual void send_stop(const control::StopRun& message) = 0;
};

class Runs {
 public:
  explicit Runs(RunSender& control) : control_(control) {}
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  /// Whether a run of the job is known to be under way.
  bool is_busy(const std::string& job) const;
  /// Asks PID 1 to start the job with these ends of pipes as standard input and output. `user` is
  /// told what becomes of it, until it leaves. Returns the run's number.
  std::uint32_t begin(const std::string& job, cgi::Variables variables,
                      std::vector<os::UniqueFd> pipes, RunUser& user);
  /// The client is gone, and so is its RunUser: the run ends.
  void leave(std::uint32_t id);
  void on_message(const control::RunState& message);

 private:
  struct Run {
    std::string job;
    RunUser* user;  ///< null = has left; the run is on its way to its end
  };
  RunSender& control_;
  std::map<std::uint32_t, Run> runs_;
  std::uint32_t last_ = 0;
};

}  // namespace berth::proxy
