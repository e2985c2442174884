// Manager: runs the state table. Takes events from the queue, asks step() for the next state,
// stores it, and lets UnitActions and Leases carry it out; decides by the graph who may start and
// who may stop.
//
// Starting is in manager.cc, stopping and restarting in manager_stop.cc.
//
// Nothing here recurses: whatever follows from an event is posted, and drain() runs until the queue
// is empty.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "init/leases.h"
#include "init/log_hub.h"
#include "init/unit_actions.h"
#include "init/unit_requests.h"
#include "init/unit_table.h"
#include "units/start_order.h"
#include "units/stop_shares.h"

namespace berth {

class Manager final : public UnitRequests {
 public:
  /// Is told after every change of state; may make requests.
  using Observer = std::function<void(UnitRuntime& unit)>;
  /// Is told first of every change of state, once it is acted upon; makes no requests.
  using Watcher = std::function<void(UnitRuntime& unit, UnitState from)>;

  Manager(os::EventLoop& loop, UnitTable& table, LogHub& logs, UnitActions& actions);
  ~Manager() override { loop_.cancel(again_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  void set_leases(Leases& leases) { leases_ = &leases; }
  void set_observer(Observer observer) { observer_ = std::move(observer); }
  void set_watcher(Watcher watcher) { watcher_ = std::move(watcher); }
  /// The graph over all units of the table; call after each change of the set.
  void set_order(StartOrder order) { order_ = std::move(order); }
  const StartOrder& order() const { return order_; }

  /// By hand: forgets earlier failures; a unit that stops when it is idle stays up until it is
  /// stopped by hand.
  Result<void> start(UnitRuntime& unit);
  void stop(UnitRuntime& unit);
  Result<void> restart(UnitRuntime& unit);
  /// reload_signal or reload_command.
  Result<void> reload(UnitRuntime& unit);

  Result<void> want_up(UnitRuntime& unit) override;
  /// All of them, in this order as far as they do not pull in each other: at a boot, where one
  /// after the other would look at what they have in common as often as there are units.
  Result<void> want_all_up(const std::vector<UnitRuntime*>& units);
  void want_down(UnitRuntime& unit, const std::string& why) override;

  /// From now on nothing starts but jobs that have JobRuntime::at_shutdown.
  void refuse_starts() { refuse_starts_ = true; }
  /// Each stop has its share of the time until `end` from now on (shutdown).
  void limit_stops(os::TimePoint end, StopShares shares);
  /// SIGKILL to everything that is alive.
  void kill_all();

  /// Runs the table until no event is left. Units whose conflicts and failures would start and stop
  /// each other for ever keep PID 1 for a moment only: what is left of that waits for a later turn.
  void drain();

  /// What a waiting unit waits for: "redis (starting)"; empty if nothing.
  std::string waits_for(const UnitRuntime& unit) const;

 private:
  enum class Met { yes, not_yet, never };
  /// Whether it may not start any more: only the jobs of the end may then.
  bool is_refused(const UnitRuntime& unit) const;
  UnitTable::Posted next_event();
  void apply(UnitRuntime& unit, UnitEvent event);
  void act(UnitRuntime& unit, UnitAction action);
  void enter(UnitRuntime& unit, UnitState next);
  Met dependency_met(const Dependency& dependency) const;
  void evaluate(UnitRuntime& unit);
  void dependents_of(UnitRuntime& unit);
  void bring_down_dependents(UnitRuntime& unit, const std::string& reason);
  /// cause: up, whatever that means for it, and the reason of this start; not started once more.
  void bring_up(const std::vector<UnitRuntime*>& units, const UnitRuntime* cause);
  void start_what_stopped_with(UnitRuntime& unit);
  void came_to_rest(UnitRuntime& unit);
  void has_had_its_turn(UnitRuntime& unit);
  void tell_rest(const UnitRuntime& unit);
  void start_if_wanted(UnitRuntime& unit);
  void failed_for_good(UnitRuntime& unit);
  void start_what_its_failure_starts(const UnitRuntime& unit);
  /// What is in conflict with the unit and has not come to rest.
  std::vector<const UnitRuntime*> conflicts_that_stop(const UnitRuntime& unit) const;
  void make_room_for(const UnitRuntime& unit);
  void restart_parts(const UnitRuntime& unit);
  void mark_restart(UnitRuntime& unit);
  void mark_stop(UnitRuntime& unit);
  void advance_stops();
  bool blocked_from_stopping(const UnitRuntime& unit) const;
  void begin_stop(UnitRuntime& unit);
  Milliseconds share_of_window(UnitRuntime& unit) const;
  void schedule_retry(UnitRuntime& unit);

  os::EventLoop& loop_;
  UnitTable& table_;
  LogHub& logs_;
  UnitActions& actions_;
  Leases* leases_ = nullptr;
  Observer observer_;
  Watcher watcher_;
  StartOrder order_;
  struct StopWindow {
    os::TimePoint end;
    StopShares shares;
  };
  std::optional<StopWindow> stop_window_;  ///< of a shutdown
  bool refuse_starts_ = false;
  bool stops_pending_ = false;  ///< some unit has stop_pending
  os::TimerId again_ = os::kNoTimer;
};

}  // namespace berth
