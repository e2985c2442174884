// Lives: carries out what the state table says about the processes of a unit: prepare, spawn,
// terminate, kill, clean up. Reports back by posting events; never changes a unit's state itself.
#pragma once

#include <functional>
#include <string>

#include "init/cleaner.h"
#include "init/conditions.h"
#include "init/endpoints.h"
#include "init/generations.h"
#include "init/job_runs.h"
#include "init/launcher.h"
#include "init/log_hub.h"
#include "init/os/event_loop.h"
#include "init/provisions.h"
#include "init/readiness.h"
#include "init/reaper.h"
#include "init/settings.h"
#include "init/unit_actions.h"
#include "init/unit_table.h"

namespace berth {

class Lives final : public UnitActions {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    Reaper& reaper;
    LogHub& logs;
    Launcher& launcher;
    Endpoints& endpoints;
    Cleaner& cleaner;
    Provisions& provisions;
    Readiness& readiness;
    ProxyLinks& proxies;
    JobRuns& jobs;
    Resources& resources;
    const Settings& settings;
  };
  explicit Lives(Parts parts)
      : p_(parts),
        conditions_(p_.loop, p_.table, p_.reaper, p_.launcher, p_.settings),
        generations_({p_.loop, p_.table, p_.reaper, p_.logs, p_.proxies}, *this) {}

  void stop_by(UnitRuntime& unit, os::TimePoint when) override;
  void prepare(UnitRuntime& unit) override;
  void spawn(UnitRuntime& unit) override;
  void announce(UnitRuntime& unit) override;
  Result<void> run_reload_command(UnitRuntime& unit) override;
  void terminate(UnitRuntime& unit) override;
  void kill(UnitRuntime& unit) override;
  bool hand_over(UnitRuntime& unit) override { return generations_.hand_over(unit); }
  void clean(UnitRuntime& unit) override;

  /// The unit says that `pid`, one of its processes, is its main process from now on.
  Result<void> follow_main(UnitRuntime& unit, pid_t pid);
  /// The unit asks to have at least `more` from now on, to become ready or to stop. A shutdown does
  /// not wait longer for it.
  void extend_deadline(UnitRuntime& unit, Milliseconds more);
  /// The process behind that link has its route table.
  void proxy_configured(const std::string& link);
  /// SIGKILL to the process behind that link; whoever it was is replaced.
  void kill_proxy(const std::string& link);
  Generations& generations() { return generations_; }
  /// `successor` goes on as the life of `unit`: its main process is the unit's now, and announced.
  /// REQUIRES: it has one.
  void take_over(UnitRuntime& unit, UnitRuntime& successor);
  /// The end of life.main_pid is the end of the unit's life.
  void watch_main(UnitRuntime& unit);

 private:
  /// The unit's deadline has passed in a state before `stopping`: its life did not get where it
  /// should.
  void gave_up(UnitRuntime& unit);
  void prepare_names(UnitRuntime& unit);
  void look_up_names(UnitRuntime& unit, const WantedNames& wanted);
  void learn_names(UnitRuntime& unit, FoundNames found);
  void prepare_folders(UnitRuntime& unit);
  void prepare_files(UnitRuntime& unit);
  void prepare_commands(UnitRuntime& unit);
  void fail_life(UnitRuntime& unit, std::string reason, bool never_started);
  void watch_report(UnitRuntime& unit);
  /// What the child has told of its exec; true once that is decided.
  bool read_exec_report(UnitRuntime& unit);
  void on_executed(UnitRuntime& unit);
  void on_main_exit(UnitRuntime& unit, const os::ExitStatus& status);
  void read_last_report(UnitRuntime& unit);
  /// Signals the main process; of a job, all steps that run.
  void signal_main(UnitRuntime& unit, int signal);
  void settle(UnitRuntime& unit, const ExitFacts& facts);
  void after_sweep(UnitRuntime& unit);
  void arm(UnitRuntime& unit, Milliseconds limit);
  Milliseconds time_to_stop(UnitRuntime& unit, os::TimePoint due);
  void run_aux(UnitRuntime& unit, std::string label, std::vector<Command> commands,
               AuxSpawner spawner, std::function<void(std::optional<std::string>)> done);
  AuxSpawner unit_spawner(UnitRuntime& unit);
  Milliseconds monotonic() const;

  Parts p_;
  Conditions conditions_;
  Generations generations_;
};

}  // namespace berth
