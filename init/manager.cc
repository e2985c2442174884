// The state table at work.
#include "init/manager.h"

#include <set>

#include <signal.h>

#include "init/log.h"

namespace berth {
namespace {

/// Of one unit in one turn: several times what any of them has.
constexpr std::size_t kMostEvents = 64;
constexpr std::chrono::milliseconds kPause{100};

std::string words(UnitState state, UnitEvent event) {
  return "event " + std::string(to_string(event)) + " in state " + std::string(to_string(state));
}

/// Up, as far as a unit that requires it is concerned. A job is up from its first success on.
bool is_up(const UnitRuntime& unit) {
  if (unit.state == UnitState::skipped)
    return true;
  if (unit.is_job())
    return unit.job_succeeded;
  return unit.state == UnitState::running || unit.state == UnitState::exited;
}

/// Up, but about to restart: who waits for it waits for its next life.
bool is_about_to_restart(const UnitRuntime& unit) {
  return unit.stop_pending && unit.wanted_up && !(unit.is_job() && unit.job_succeeded);
}

std::string name_and_state(const UnitRuntime& unit) {
  return unit.name() + " (" + std::string(to_string(unit.state)) + ")";
}

/// Why a unit that requires `name` cannot start. other: that unit, or null.
std::string unmet(std::string_view name, const UnitRuntime* other) {
  const std::string requirement = "requires " + std::string(name) + ", which ";
  if (other == nullptr)
    return requirement + "is not there";
  if (other->state == UnitState::failed)
    return requirement + "has failed";
  return requirement + "is " + std::string(to_string(other->state));
}

}  // namespace

Manager::Manager(os::EventLoop& loop, UnitTable& table, LogHub& logs, UnitActions& actions)
    : loop_(loop), table_(table), logs_(logs), actions_(actions) {}

void Manager::drain() {
  for (std::size_t left = kMostEvents * (table_.all().size() + 1); left > 0; --left) {
    const UnitTable::Posted posted = next_event();
    if (posted.unit == nullptr)
      return;
    apply(*posted.unit, posted.event);
  }
  log_error("units start and stop each other without end");
  loop_.disarm(again_);
  again_ = loop_.after(kPause, [] {});  // the end of that turn goes on
}

UnitTable::Posted Manager::next_event() {
  const UnitTable::Posted posted = table_.take();
  if (posted.unit != nullptr || !stops_pending_)
    return posted;
  // What has come to rest may let others stop; they may come to rest at once.
  advance_stops();
  return table_.take();
}

void Manager::apply(UnitRuntime& unit, UnitEvent event) {
  const Transition transition = step(unit.state, event);
  if (transition.action == UnitAction::bug)
    return log_bug(unit.name() + ": " + words(unit.state, event));
  if (transition.action == UnitAction::keep)
    return;
  const UnitState from = unit.state;
  enter(unit, transition.next);
  act(unit, transition.action);
  if (watcher_ && unit.state != from)
    watcher_(unit, from);
  leases_->on_state(unit);
  if (observer_)
    observer_(unit);
}

void Manager::enter(UnitRuntime& unit, UnitState next) {
  if (unit.state == next)
    return;
  log_debug(unit.name() + ": " + std::string(to_string(unit.state)) + " -> " +
            std::string(to_string(next)));
  if (next != UnitState::running) {
    // Nor does a deadline that has just passed count any more. The one of a job goes on.
    loop_.disarm(unit.deadline);
    table_.retract(unit, UnitEvent::timeout);
  }
  unit.state = next;
  unit.since_ms = loop_.clock().wall_ms();
}

void Manager::act(UnitRuntime& unit, UnitAction action) {
  switch (action) {
    case UnitAction::keep:
    case UnitAction::bug:
      break;
    case UnitAction::queue:
      if (unit.changed)
        unit.unit = std::move(*std::exchange(unit.changed, nullptr));
      unit.life.stop_requested = false;  // of the life before, like how that ended
      unit.life.exit_code.reset();
      make_room_for(unit);
      evaluate(unit);
      break;
    case UnitAction::prepare:
      actions_.prepare(unit);
      break;
    case UnitAction::spawn:
      actions_.spawn(unit);
      break;
    case UnitAction::announce:
      actions_.announce(unit);
      if (!unit.is_job())
        logs_.unit_line(unit.name(), LogLevel::info, "ready");
      dependents_of(unit);
      start_what_stopped_with(unit);
      break;
    case UnitAction::terminate:
      actions_.terminate(unit);
      break;
    case UnitAction::kill:
      logs_.unit_line(unit.name(), LogLevel::warning, "does not end in time: SIGKILL");
      actions_.kill(unit);
      break;
    case UnitAction::sweep:
      actions_.clean(unit);
      break;
    case UnitAction::schedule:
      schedule_retry(unit);
      break;
    case UnitAction::release:
      came_to_rest(unit);
      break;
    case UnitAction::report:
      failed_for_good(unit);
      break;
  }
}

void Manager::schedule_retry(UnitRuntime& unit) {
  restart_parts(unit);
  if (unit.start_again)
    return start_if_wanted(unit);  // whoever started it by hand does not wait for a back-off
  ++unit.restarts;
  const Milliseconds delay =
      unit.is_job() ? unit.unit.job->retry_delay : unit.history.delay(unit.unit.service);
  logs_.unit_line(unit.name(), LogLevel::warning,
                  unit.reason + "; again in " + format_duration(delay));
  unit.deadline = loop_.after(delay, [this, &unit] {
    unit.deadline = os::kNoTimer;
    table_.post(unit, UnitEvent::timeout);
  });
}

Manager::Met Manager::dependency_met(const Dependency& dependency) const {
  const UnitRuntime* other = table_.find(dependency.unit);
  if (other == nullptr)
    return dependency.bond == Bond::requires_it ? Met::never : Met::yes;
  if (is_about_to_restart(*other))
    return Met::not_yet;
  if (is_up(*other))
    return Met::yes;
  // At rest and not wanted: it will not come. (A unit that is wanted and at rest is about to be
  // started.)
  const bool will_come = other->wanted_up;
  if (dependency.bond == Bond::requires_it)
    return will_come ? Met::not_yet : Met::never;
  return will_come ? Met::not_yet : Met::yes;
}

void Manager::evaluate(UnitRuntime& unit) {
  if (unit.state != UnitState::waiting || is_refused(unit))
    return;
  bool ready = true;
  for (const Dependency& dependency : order_.waits_for(unit.name())) {
    const Met met = dependency_met(dependency);
    if (met == Met::never) {
      UnitRuntime* missing = table_.find(dependency.unit);
      unit.reason = unmet(dependency.unit, missing);
      unit.stopped_with = dependency.unit;
      if (missing != nullptr)
        missing->took_others_down = true;
      return table_.post(unit, UnitEvent::dep_failed);
    }
    ready &= met == Met::yes;
  }
  if (ready && conflicts_that_stop(unit).empty())
    table_.post(unit, UnitEvent::deps_ready);
}

std::vector<const UnitRuntime*> Manager::conflicts_that_stop(const UnitRuntime& unit) const {
  std::vector<const UnitRuntime*> stopping;
  for (const std::string_view name : order_.in_conflict_with(unit.name())) {
    const UnitRuntime* other = table_.find(name);
    if (other != nullptr && !is_at_rest(other->state))
      stopping.push_back(other);
  }
  return stopping;
}

std::string Manager::waits_for(const UnitRuntime& unit) const {
  std::string text;
  for (const Dependency& dependency : order_.waits_for(unit.name())) {
    const UnitRuntime* other = table_.find(dependency.unit);
    if (other == nullptr || dependency_met(dependency) != Met::not_yet)
      continue;
    text += (text.empty() ? "" : ", ") + name_and_state(*other);
  }
  for (const UnitRuntime* other : conflicts_that_stop(unit))
    text += (text.empty() ? "" : ", ") + name_and_state(*other);
  return text;
}

void Manager::dependents_of(UnitRuntime& unit) {
  for (const Dependency& dependent : order_.waited_for_by(unit.name()))
    if (UnitRuntime* other = table_.find(dependent.unit))
      evaluate(*other);
  for (const std::string_view name : order_.in_conflict_with(unit.name()))
    if (UnitRuntime* other = table_.find(name))
      evaluate(*other);
}

void Manager::came_to_rest(UnitRuntime& unit) {
  unit.stop_pending = false;
  if (unit.state != UnitState::inactive)
    has_had_its_turn(unit);
  if (unit.state != UnitState::inactive && is_up(unit))
    start_what_stopped_with(unit);
  tell_rest(unit);
  dependents_of(unit);
  start_if_wanted(unit);
}

// Exited, failed or skipped: what was wanted of it has been tried.
void Manager::has_had_its_turn(UnitRuntime& unit) {
  unit.wanted_up = unit.start_again;
  if (!unit.wanted_up)
    table_.retract(unit, UnitEvent::start);
}

void Manager::tell_rest(const UnitRuntime& unit) {
  if (unit.state == UnitState::skipped)
    return logs_.unit_line(unit.name(), LogLevel::info, "skipped: " + unit.reason);
  if (!unit.is_job() || unit.state == UnitState::exited)
    logs_.unit_line(unit.name(), LogLevel::info,
                    unit.state == UnitState::exited ? "done" : "stopped");
}

void Manager::start_if_wanted(UnitRuntime& unit) {
  unit.start_again = false;
  if (unit.wanted_up && !is_refused(unit))
    table_.post(unit, UnitEvent::start);
}

void Manager::failed_for_good(UnitRuntime& unit) {
  unit.stop_pending = false;
  has_had_its_turn(unit);
  logs_.unit_line(unit.name(), LogLevel::error, "failed: " + unit.reason);
  dependents_of(unit);
  if (!unit.wanted_up) {
    bring_down_dependents(unit, unmet(unit.name(), &unit));
    start_what_its_failure_starts(unit);
  }
  start_if_wanted(unit);
}

void Manager::start_what_its_failure_starts(const UnitRuntime& unit) {
  if (refuse_starts_)
    return;
  for (const std::string& name : unit.unit.info.on_failure) {
    UnitRuntime* other = table_.find(name);
    if (other == nullptr)
      continue;
    logs_.unit_line(name, LogLevel::info, "starts: " + unit.name() + " has failed");
    if (const auto started = want_up(*other); !started)
      logs_.unit_line(name, LogLevel::warning, started.error().message);
  }
}

bool Manager::is_refused(const UnitRuntime& unit) const {
  return refuse_starts_ && !(unit.job_data() != nullptr && unit.job_data()->at_shutdown);
}

Result<void> Manager::want_up(UnitRuntime& unit) {
  if (is_refused(unit))
    return Error{ErrorCode::unavailable, "berth is shutting down"};
  bring_up({&unit}, nullptr);
  return {};
}

Result<void> Manager::want_all_up(const std::vector<UnitRuntime*>& units) {
  if (refuse_starts_)
    return Error{ErrorCode::unavailable, "berth is shutting down"};
  bring_up(units, nullptr);
  return {};
}

void Manager::bring_up(const std::vector<UnitRuntime*>& units, const UnitRuntime* cause) {
  const std::set<const UnitRuntime*> asked(units.begin(), units.end());
  std::vector<std::string_view> names;
  for (const UnitRuntime* unit : units)
    names.push_back(unit->name());
  std::vector<UnitRuntime*> pulled_in;
  for (const std::string_view name : order_.pulled_in_by(names)) {
    UnitRuntime* each = table_.find(name);
    if (each != nullptr && !is_refused(*each) &&
        !(each->is_job() && each->job_succeeded && asked.count(each) == 0))
      pulled_in.push_back(each);
  }
  // For all of them first: what stops may take some of them along.
  for (const UnitRuntime* each : pulled_in)
    make_room_for(*each);
  for (UnitRuntime* each : pulled_in) {
    if (each == cause && (each->wanted_up || is_at_rest(each->state)))
      continue;
    // A unit that is on its way down begins again when it has come to rest; one whose turn to stop
    // has not come stays, and what stopped with it comes back.
    const bool was_to_stop = !std::exchange(each->wanted_up, true) && each->stop_pending;
    each->stopped_with.clear();
    if (was_to_stop && !each->life.stop_requested) {
      each->stop_pending = false;
      start_what_stopped_with(*each);
      dependents_of(*each);  // it is up, and no change of state will say so
      if (observer_)
        observer_(*each);  // who waits for its stop waits in vain
    }
    if (is_at_rest(each->state) || (each->state == UnitState::backoff && asked.count(each) != 0))
      table_.post(*each, UnitEvent::start);
  }
}

Result<void> Manager::start(UnitRuntime& unit) {
  unit.forget_failures();
  unit.refuse_until = {};
  unit.pinned = unit.is_tenant() || unit.unit.service.idle_timeout.count() != 0;
  // A life that ends by itself is not the one that was asked for, however it ends.
  unit.start_again = unit.state == UnitState::stopping || unit.state == UnitState::killing ||
                     unit.state == UnitState::cleaning;
  return want_up(unit);
}

Result<void> Manager::reload(UnitRuntime& unit) {
  if (unit.state != UnitState::running)
    return Error{ErrorCode::unavailable, unit.name() + " is " + std::string(to_string(unit.state))};
  if (unit.unit.service.reload_command)
    return actions_.run_reload_command(unit);
  if (unit.unit.service.reload_signal == 0)
    return Error{ErrorCode::invalid, unit.name() + " has neither reload_signal nor reload_command"};
  os::signal_process(unit.life.pidfd.borrow(), unit.life.main_pid, unit.unit.service.reload_signal);
  return {};
}

}  // namespace berth
