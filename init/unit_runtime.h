// UnitRuntime: what PID 1 knows about one unit at this moment. Plain data; the classes around it
// change it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "init/adopted_main.h"
#include "init/aux_commands.h"
#include "init/health.h"
#include "init/helper_run.h"
#include "init/job_run.h"
#include "init/job_runtime.h"
#include "init/name_lookup.h"
#include "init/os/event_loop.h"
#include "init/os/fd.h"
#include "init/readiness_probe.h"
#include "units/exit_policy.h"
#include "units/unit.h"
#include "units/unit_state.h"

namespace berth {

/// What a unit has told of itself by sd_notify.
struct Told {
  bool reloading = false;
  bool stopping = false;
  std::string status;
  std::optional<Milliseconds> watchdog_interval;  ///< instead of the unit's; 0 = none
  bool nonsense_said = false;                     ///< something was not understood: logged
  bool main_refused_said = false;                 ///< a MAINPID= was refused: logged
  /// "reloading: new routes"
  std::string str() const {
    const std::string phase = stopping ? "stopping" : reloading ? "reloading" : "";
    return phase + (phase.empty() || status.empty() ? "" : ": ") + status;
  }
};

/// One life: from preparing to the end of cleaning. Replaced by a new one with each start.
struct UnitLife {
  std::uint64_t epoch = 0;  ///< unique in this berth: no two lives of any unit share one
  std::string invocation_id;
  FoundNames names;    ///< what its users and groups are, where only the name services know
  pid_t main_pid = 0;  ///< 0 = none, or ended; of a job, of the step whose turn it is
  os::UniqueFd pidfd;
  os::UniqueFd report;  ///< open until execve has succeeded or failed
  std::unique_ptr<os::FdHandler> report_handler;
  std::optional<os::ChildFailure> exec_failure;
  std::string program;          ///< the last one that was executed, for messages
  std::vector<pid_t> sessions;  ///< of the main process and of every auxiliary command so far
  bool main_ran = false;  ///< execve succeeded at least once: after_stop has something to follow
  bool stop_requested = false;   ///< the end is wanted: by stop, restart, idleness, a dependency
  bool stop_sent = false;        ///< the stop signal or SIGKILL went out
  bool gave_up_waiting = false;  ///< not ready in time, unhealthy, or a job that took too long
  bool found_ready = false;      ///< it has shown that it is ready
  /// A shutdown ends the stop by then.
  std::optional<os::TimePoint> stop_by;
  /// What that left for it, if it is less than its stop_timeout.
  std::optional<Milliseconds> stop_cut_to;
  int stop_signal = 0;  ///< what ends it instead of the unit's own; 0 = that
  bool never_started = false;
  bool left_behind_said = false;  ///< "left N processes behind" was logged
  bool after_stop_done = false;
  std::string killed_for;  ///< why berth killed it without having been asked to, in words
  Verdict verdict = Verdict::stopped;
  /// How the main process ended, as a shell tells it: 128 + the signal, 127 or 126 if it could not
  /// be executed.
  std::optional<int> exit_code;
  os::TimePoint started;
  std::uint64_t started_ms = 0;   ///< wall clock
  Address endpoint;               ///< where it serves; path and port empty = nowhere
  std::uint16_t port = 0;         ///< allocated from the tenant's range; 0 = none
  os::UniqueFd listener;          ///< of an activated endpoint, until the main process has it
  os::UniqueFd environment_file;  ///< variables of env_file and secrets; berth never reads it
  std::unique_ptr<NameLookup> lookup;
  os::TimePoint due;          ///< of the unit's deadline
  bool was_extended = false;  ///< it asked for more time to become ready
  Told told;
  std::unique_ptr<AdoptedMain> adopted;  ///< a main process that the unit named itself
  std::unique_ptr<HelperRun> provider;
  std::unique_ptr<ReadinessProbe> probe;
  std::unique_ptr<HealthProbe> health;
  std::unique_ptr<Watchdog> watchdog;
  std::unique_ptr<AuxCommands> aux;
  std::unique_ptr<JobRun> run;  ///< of a job, once it has been spawned

  /// Whether it is the main process, or a step of the job that this is.
  bool is_main(pid_t pid) const { return pid == main_pid || (run && run->has(pid)); }
};

/// When the current or last life got where; the epoch = not yet.
struct UnitTimes {
  os::TimePoint queued;  ///< wanted up: it waits for others from here
  os::TimePoint begun;   ///< nothing to wait for any more: preparations begin
  os::TimePoint up;      ///< ready; a job: has succeeded
};

/// What a unit has that restarts without a gap, one life beside the other: see Generations.
struct Handover {
  enum class Phase : std::uint8_t { none, under_way, failed };
  Phase phase = Phase::none;  ///< of the restart that was asked for last
  /// Processes that serve beside the main one, or are about to: no sweep of the unit ends them.
  std::vector<pid_t> pids;
  /// Of a life that begins beside the unit's own: is told its events, and the table is not.
  std::function<void(UnitEvent)> events;
};

struct UnitRuntime {
  UnitRuntime(Unit definition, std::uint32_t number) : unit(std::move(definition)), index(number) {}

  const std::string& name() const { return unit.name.str(); }
  bool is_job() const { return unit.kind == UnitKind::job; }
  bool is_tenant() const { return unit.kind == UnitKind::tenant; }

  Unit unit;                      ///< the definition of the current life, or of the next one
  std::unique_ptr<Unit> changed;  ///< what a reload brought during a life: adopted at rest
  /// What the unit files say now.
  const Unit& latest() const { return changed ? *changed : unit; }
  std::uint32_t index;   ///< never reused while berth runs
  bool stock = false;    ///< starts only when pulled in
  bool removed = false;  ///< a reload took it away: forgotten at rest

  UnitState state = UnitState::inactive;
  bool wanted_up = false;
  bool start_again = false;   ///< was started while a life ended, or restarts: the next one follows
  bool stop_pending = false;  ///< is to stop, once all that comes after it has stopped
  std::string stopped_with;   ///< the unit whose end brought this one down: it starts again with it
  bool took_others_down = false;  ///< some have it as `stopped_with`
  std::uint64_t since_ms = 0;     ///< of the state, wall clock
  UnitLife life;
  UnitTimes times;
  os::TimerId deadline = os::kNoTimer;  ///< of the state; Manager disarms it with the next one
  std::uint32_t posted = 0;             ///< events that wait in the queue of the table
  std::uint32_t posted_kinds = 0;       ///< a bit for each kind that may be among them
  RestartHistory history;
  std::uint32_t restarts = 0;       ///< automatic ones since the last start by hand or by a request
  std::string last_exit;            ///< in words
  std::string reason;               ///< of a failure or a back-off, in words
  std::vector<std::string> warned;  ///< of comforts that are not to be had: once is enough
  std::optional<uid_t> auto_uid;    ///< of `user = "auto"`, once it is known
  bool job_succeeded = false;       ///< at least once since berth began
  bool pinned = false;              ///< started by hand: not stopped for idleness
  os::TimePoint refuse_until;  ///< a tenant whose start failed: requests are refused until then

  std::unique_ptr<Handover> handover;  ///< null = it has never restarted that way
  /// Whether that has not been said of it; from now on it has.
  bool is_new_warning(const std::string& warning) {
    if (std::find(warned.begin(), warned.end(), warning) != warned.end())
      return false;
    warned.push_back(warning);
    return true;
  }
  /// Whoever asks for it by name gives it all its tries.
  void forget_failures() {
    history.forget();
    restarts = 0;
  }
  /// Whether something of it lives, or is to.
  bool is_alive_or_wanted() const { return wanted_up || !is_at_rest(state); }

  /// Whether it is a life beside that of the unit of this name in the table.
  bool is_successor() const { return handover && handover->events; }
  bool hands_over(Handover::Phase phase) const { return handover && handover->phase == phase; }

  /// What a job has beside all this; made when it is first asked for.
  JobRuntime& job() {
    if (!job_)
      job_ = std::make_unique<JobRuntime>();
    return *job_;
  }
  /// null = nobody has asked.
  const JobRuntime* job_data() const { return job_.get(); }

 private:
  std::unique_ptr<JobRuntime> job_;
};

}  // namespace berth
