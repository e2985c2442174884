// UnitActions: what Manager has done to the processes of a unit. Lives does it; the tests of
// Manager pretend to.
#pragma once

#include "init/unit_runtime.h"
#include "units/result.h"

namespace berth {

/// Each of these returns at once. What came of it is posted to the unit table as an event; none
/// changes a unit's state itself.
class UnitActions {
 public:
  virtual ~UnitActions() = default;

  /// Its stop, that has begun or is about to, ends by then with SIGKILL (shutdown).
  virtual void stop_by(UnitRuntime& unit, os::TimePoint when) = 0;
  /// A new life: its folder, directories, endpoint, before_start. Posts prepared or spawn_failed.
  virtual void prepare(UnitRuntime& unit) = 0;
  /// The main process. Posts spawn_failed, ready, exit_*.
  virtual void spawn(UnitRuntime& unit) = 0;
  /// It is up: after_start.
  virtual void announce(UnitRuntime& unit) = 0;
  /// Runs reload_command; its failure is logged. Fails while another command of the unit runs.
  virtual Result<void> run_reload_command(UnitRuntime& unit) = 0;
  /// The stop signal, and a deadline that posts timeout.
  virtual void terminate(UnitRuntime& unit) = 0;
  /// SIGKILL to all that is alive, and a deadline that posts timeout.
  virtual void kill(UnitRuntime& unit) = 0;
  /// A restart without a gap: a new life begins beside the one that runs, and takes over when it is
  /// ready. False if the unit is none that can: it stops and starts then.
  virtual bool hand_over(UnitRuntime& unit) = 0;
  /// After the end of the main process: sweeps, runs after_stop, posts cleaned*.
  virtual void clean(UnitRuntime& unit) = 0;
};

}  // namespace berth
