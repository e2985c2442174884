// JobRun: the processes of one run of a job: the step whose turn it is, and the background steps
// that run beside it. Plain data; JobRuns changes it.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "init/os/event_loop.h"
#include "init/os/fd.h"
#include "init/os/process.h"
#include "units/exit_policy.h"

namespace berth {

/// One step that runs.
struct JobStep {
  std::size_t index = 0;  ///< in JobSpec::steps
  pid_t pid = 0;
  os::UniqueFd pidfd;
  os::UniqueFd report;  ///< open until execve has succeeded or failed
  std::unique_ptr<os::FdHandler> report_handler;
  std::optional<os::ChildFailure> exec_failure;
  std::string program;  ///< for messages
  os::TimerId limit = os::kNoTimer;
};

struct JobRun {
  std::vector<std::unique_ptr<JobStep>> running;  ///< in the order in which they were started
  std::size_t next = 0;                           ///< the first step that was not started yet
  bool failing = false;  ///< a step has failed or took too long: no other one is started
  ExitFacts facts;       ///< of the step that failed, else of the last one that ended

  bool has(pid_t pid) const {
    return std::any_of(running.begin(), running.end(),
                       [pid](const auto& step) { return step->pid == pid; });
  }
  void signal(int number) const {
    for (const auto& step : running)
      os::signal_process(step->pidfd.borrow(), step->pid, number);
  }
};

}  // namespace berth
