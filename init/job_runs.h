// JobRuns: runs the steps of jobs, and decides what came of it. Posts events as Lives does; never
// changes a unit's state itself.
#pragma once

#include <functional>
#include <string>

#include "init/launcher.h"
#include "init/log_hub.h"
#include "init/os/event_loop.h"
#include "init/reaper.h"
#include "init/resources.h"
#include "init/unit_table.h"

namespace berth {

class JobRuns {
 public:
  JobRuns(os::EventLoop& loop, UnitTable& table, Reaper& reaper, LogHub& logs, Launcher& launcher,
          Resources& resources)
      : loop_(loop),
        table_(table),
        reaper_(reaper),
        logs_(logs),
        launcher_(launcher),
        resources_(resources) {}

  /// A `reload = true` job has done its work: whether the unit files that it wrote were applied.
  void set_reload(std::function<Result<void>(UnitRuntime& job)> reload) {
    reload_ = std::move(reload);
  }
  /// Starts the first steps, and the clock of `timeout`. Posts ready when the first of them has
  /// been executed, unhealthy when one has failed while others run (all are to be stopped then),
  /// timeout, and an exit_* event when none runs any more.
  void begin(UnitRuntime& unit);

 private:
  void start_steps(UnitRuntime& unit);
  bool start_step(UnitRuntime& unit, std::size_t index);
  void watch_report(UnitRuntime& unit, JobStep& step);
  bool read_report(UnitRuntime& unit, JobStep& step);
  void on_executed(UnitRuntime& unit);
  void on_exit(UnitRuntime& unit, pid_t pid, const os::ExitStatus& status);
  void on_time_over(UnitRuntime& unit);
  void fail(UnitRuntime& unit, std::string reason, const ExitFacts& facts);
  void stop_the_rest(UnitRuntime& unit);
  void finish(UnitRuntime& unit);
  void reload_after(UnitRuntime& unit, ExitFacts& facts);
  ExitFacts facts_of(const UnitRuntime& unit) const;

  os::EventLoop& loop_;
  UnitTable& table_;
  Reaper& reaper_;
  LogHub& logs_;
  Launcher& launcher_;
  Resources& resources_;
  std::function<Result<void>(UnitRuntime& job)> reload_;
};

}  // namespace berth
