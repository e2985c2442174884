// JobRuntime: what PID 1 knows about a job beside what it knows about every unit.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "init/os/clock.h"
#include "init/run_request.h"
#include "units/cron_schedule.h"
#include "units/job_trigger.h"
#include "units/snapshot.h"

namespace berth {

struct JobRuntime {
  JobTrigger cause = JobTrigger::dependency;  ///< of the run under way, or of the next one
  std::unique_ptr<RunRequest> request;        ///< whose the run under way is; null = nobody's
  std::optional<JobTrigger> again;            ///< a trigger during the run: another one follows
  std::optional<JobTrigger> held;             ///< a time that came in maintenance
  bool at_shutdown = false;                   ///< may run although nothing else starts any more
  std::optional<Milliseconds> ended;          ///< the last run, else loaded: CLOCK_BOOTTIME
  std::optional<CronSchedule> schedule;       ///< what `scheduled` was reckoned by
  std::optional<std::int64_t> scheduled;      ///< the next time, seconds since 1970

  std::deque<JobRunStatus> runs;    ///< those that have ended, oldest first
  std::optional<JobRunStatus> run;  ///< the one under way
  os::TimePoint run_began;
  std::uint64_t lines_before = 0;  ///< lines that the unit had said before it
};

}  // namespace berth
