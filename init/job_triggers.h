// JobTriggers: starts jobs when it is time to: by the clock, after a reload, when no tenant runs,
// when the machine has slept, at the end.
//
//  1. No two runs of one job at once. A trigger during a run is remembered, once; one before the
//     run has begun is served by it.
//  2. `every` counts from the end of the last run, on CLOCK_BOOTTIME. `schedule` follows the wall
//     clock: what it has jumped over is one trigger; a jump back by less than three hours repeats
//     nothing (cron(8)).
//  3. A time that comes in maintenance is held until that is over, but for the jobs that end it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "init/log_hub.h"
#include "init/os/alarm.h"
#include "init/os/event_loop.h"
#include "init/unit_requests.h"
#include "init/unit_table.h"
#include "units/cron_schedule.h"

namespace berth {

class JobTriggers {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    UnitRequests& manager;
    LogHub& logs;
    os::Alarm& alarm;
    const TimeZone& zone;
  };
  explicit JobTriggers(Parts parts);

  /// Whether the times of this job are held back: maintenance.
  void set_maintenance(std::function<bool(const UnitRuntime& job)> holds) {
    holds_ = std::move(holds);
  }

  /// Is told that the machine has slept, before jobs start for it.
  void set_on_resume(std::function<void()> on_resume) { on_resume_ = std::move(on_resume); }

  /// Whether the machine may have been put to sleep by berth: then a jump of the wall clock means
  /// that it has slept.
  void set_may_sleep(std::function<bool()> may_sleep) { may_sleep_ = std::move(may_sleep); }

  /// The units of the boot are there.
  void loaded();
  /// There is another set of units. by: the job whose run caused it, null = none.
  void reloaded(const UnitRuntime* by);
  /// Starts the job, or sees to it that it is started again after the run under way.
  void fire(UnitRuntime& job, JobTrigger why);
  /// The same for every job that has this word in `on`.
  void fire_all(JobTrigger why);
  /// The machine has slept.
  void woke();
  /// From now on only begin_shutdown() starts jobs.
  void close() { closed_ = true; }
  /// The jobs of the end start.
  void begin_shutdown();
  /// Those of them that are still to run, or run.
  std::vector<std::string> left_at_shutdown() const;

  /// After every change of state of any unit.
  void on_state(UnitRuntime& unit);
  /// When the alarm calls.
  void on_alarm();
  /// Maintenance may be over: what it has held back starts.
  void release_held();

  /// When the job is to run next by `every` or `schedule`, in milliseconds since 1970; 0 = not by
  /// the clock.
  std::uint64_t next_run_ms(const UnitRuntime& job) const;

 private:
  void start(UnitRuntime& job, JobTrigger why);
  void came_to_rest(UnitRuntime& job);
  void tenant_came_to_rest();
  void set_clock(UnitRuntime& job);
  void schedule_next(UnitRuntime& job);
  void look_at(UnitRuntime& job);
  static std::optional<Milliseconds> every_due(const UnitRuntime& job);
  bool has_slept();
  /// How far it has jumped ahead.
  Milliseconds look_at_wall_clock();
  void set_alarm();
  std::int64_t wall_seconds() const;
  template <typename Each>
  void for_each_job(Each each);

  Parts p_;
  std::function<bool(const UnitRuntime&)> holds_;
  std::function<void()> on_resume_ = [] {};
  std::function<bool()> may_sleep_ = [] { return false; };
  Milliseconds slept_;        ///< CLOCK_BOOTTIME less CLOCK_MONOTONIC, when last looked at
  Milliseconds wall_offset_;  ///< wall clock less CLOCK_BOOTTIME, when last looked at
  bool tenants_run_ = false;  ///< some have, since the jobs of idleness ran last
  bool some_idle_ = false;    ///< some job runs when no tenant does
  bool some_held_ = false;    ///< some job is held back
  bool closed_ = false;
};

}  // namespace berth
