// The life of a unit: states, events, the full table, and step(), which is the only code that knows
// the next state.
//
// Invariants:
//  1. A main process exists exactly in starting, running, stopping and killing.
//  2. A deadline is armed exactly in preparing, starting, running (of a job), stopping, killing,
//     cleaning and backoff. It ends with its state, and so does one that has just passed.
//  3. A state entered by `spawn` is left only by an exit_* or spawn_failed event.
//  4. step() computes the next state; Manager::apply() is the only code that stores it.
//  5. A lease exists only while the unit is wanted up.
//  6. Whatever ended, the way to rest leads through cleaning: nothing of the last life is left when
//     the next begins. (`skip` comes before anything of a life is made.)
//  7. The wanted state (up or down) stands beside the current one. A unit that comes to rest and is
//     wanted up is started again by Manager, in one place.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace berth {

enum class UnitState : std::uint8_t {
  inactive,   ///< nothing runs
  waiting,    ///< wanted up, waits for what it requires, wants or comes after
  preparing,  ///< directories, before_start
  starting,   ///< the process runs, not ready yet
  running,    ///< ready
  stopping,   ///< stop_signal sent, deadline armed
  killing,    ///< SIGKILL sent
  cleaning,   ///< what the main process left behind is swept, then after_stop runs
  backoff,    ///< waits to try again
  exited,     ///< ended well by itself; a job that has succeeded
  failed,     ///< gave up; the reason is kept
  skipped,    ///< a condition does not hold
};
inline constexpr std::size_t kUnitStates = 12;

enum class UnitEvent : std::uint8_t {
  start,
  deps_ready,
  dep_failed,
  skip,  ///< a condition does not hold
  prepared,
  spawn_failed,  ///< also: preparing failed
  ready,
  unhealthy,   ///< also: a step of a job has failed while others run
  exit_done,   ///< classify_exit(): ended well, rests
  exit_retry,  ///< classify_exit(): try again after a back-off
  exit_fail,   ///< classify_exit(): ended badly, rests
  stop,
  cleaned,  ///< sweep and after_stop are over; where to go was decided at the exit
  cleaned_done,
  cleaned_retry,
  cleaned_fail,
  timeout,
};
inline constexpr std::size_t kUnitEvents = 17;

/// What Manager does on the way into the next state.
enum class UnitAction : std::uint8_t {
  keep,     ///< ignored on purpose
  bug,      ///< cannot happen: logged with both names, state kept
  queue,    ///< ask the graph what it waits for
  prepare,  ///< directories, before_start
  spawn,
  announce,   ///< it is up: dependents, leases
  terminate,  ///< stop_signal, arm the deadline
  kill,       ///< SIGKILL to all that is left
  sweep,      ///< remove what is left, run after_stop, then post a cleaned_* event
  schedule,   ///< arm the back-off
  release,    ///< it is at rest: dependents, waiting starts
  report,     ///< as release, and the reason is recorded and told
};

struct Transition {
  UnitState next;
  UnitAction action;
};

/// Pure; `keep` and `bug` leave the state as it is.
Transition step(UnitState state, UnitEvent event);

std::string_view to_string(UnitState state);
std::string_view to_string(UnitEvent event);
std::string_view to_string(UnitAction action);

/// Whether the unit may have a main process in this state: starting, running, stopping, killing.
bool is_alive(UnitState state);
/// inactive, exited, failed, skipped.
bool is_at_rest(UnitState state);

}  // namespace berth
