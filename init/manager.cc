// The state table at work.
#include "init/manager.h"

#include <algorithm>

#include <signal.h>

#include "init/log.h"

namespace berth {
namespace {

std::string words(UnitState state, UnitEvent event) {
  return "event " + std::string(to_string(event)) + " in state " + std::string(to_string(state));
}

/// Up, as far as a unit that requires it is concerned. A job is up from its first success on.
bool is_up(const UnitRuntime& unit) {
  if (unit.is_job())
    return unit.job_succeeded;
  return unit.state == UnitState::running || unit.state == UnitState::exited ||
         unit.state == UnitState::skipped;
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
  for (auto posted = next_event(); posted.unit != nullptr; posted = next_event())
    apply(*posted.unit, posted.event);
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
  unit.state = next;
  unit.since_ms = loop_.clock().wall_ms();
}

void Manager::act(UnitRuntime& unit, UnitAction action) {
  switch (action) {
    case UnitAction::keep:
    case UnitAction::bug:
      break;
    case UnitAction::queue:
      loop_.disarm(unit.deadline);
      if (unit.changed)
        unit.unit = std::move(*std::exchange(unit.changed, nullptr));
      unit.life.stop_requested = false;  // of the life before
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
      start_what_stopped_with(unit.name());
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
      unit.reason = unmet(dependency.unit, table_.find(dependency.unit));
      unit.stopped_with = dependency.unit;
      return table_.post(unit, UnitEvent::dep_failed);
    }
    ready &= met == Met::yes;
  }
  if (ready)
    table_.post(unit, UnitEvent::deps_ready);
}

std::string Manager::waits_for(const UnitRuntime& unit) const {
  std::string text;
  for (const Dependency& dependency : order_.waits_for(unit.name())) {
    const UnitRuntime* other = table_.find(dependency.unit);
    if (other == nullptr || dependency_met(dependency) != Met::not_yet)
      continue;
    text += (text.empty() ? "" : ", ") + other->name() + " (" +
            std::string(to_string(other->state)) + ")";
  }
  return text;
}

void Manager::dependents_of(UnitRuntime& unit) {
  for (const Dependency& dependent : order_.waited_for_by(unit.name()))
    if (UnitRuntime* other = table_.find(dependent.unit))
      evaluate(*other);
}

void Manager::start_what_stopped_with(const std::string& name) {
  if (refuse_starts_)
    return;
  for (const auto& [other_name, other] : table_.all())
    if (other->stopped_with == name) {
      other->stopped_with.clear();
      if (const auto started = want_up(*other); !started)
        logs_.unit_line(other_name, LogLevel::warning, started.error().message);
    }
}

void Manager::came_to_rest(UnitRuntime& unit) {
  unit.stop_pending = false;
  loop_.disarm(unit.deadline);  // of a back-off that a stop has ended
  if (unit.state != UnitState::inactive)
    unit.wanted_up = unit.start_again;  // exited or skipped: it has had what was wanted
  if (unit.is_job() && unit.job_succeeded && unit.state == UnitState::exited)
    start_what_stopped_with(unit.name());
  if (!unit.is_job() || unit.state == UnitState::exited)
    logs_.unit_line(unit.name(), LogLevel::info,
                    unit.state == UnitState::exited ? "done" : "stopped");
  dependents_of(unit);
  start_if_wanted(unit);
}

void Manager::start_if_wanted(UnitRuntime& unit) {
  unit.start_again = false;
  if (unit.wanted_up && !is_refused(unit))
    table_.post(unit, UnitEvent::start);
}

void Manager::failed_for_good(UnitRuntime& unit) {
  unit.stop_pending = false;
  unit.wanted_up = unit.start_again;
  logs_.unit_line(unit.name(), LogLevel::error, "failed: " + unit.reason);
  dependents_of(unit);
  if (!unit.wanted_up)
    bring_down_dependents(unit, unmet(unit.name(), &unit));
  start_if_wanted(unit);
}

void Manager::bring_down_dependents(const UnitRuntime& unit, const std::string& reason) {
  if (unit.is_job() && unit.job_succeeded)
    return;  // its first success is all that they require
  for (const std::string_view name : order_.brought_down_by(unit.name())) {
    UnitRuntime* other = table_.find(name);
    if (other == nullptr || !other->wanted_up || is_at_rest(other->state))
      continue;
    other->stopped_with = unit.name();
    if (!reason.empty())
      other->reason = reason;
    mark_stop(*other);
  }
}

bool Manager::is_refused(const UnitRuntime& unit) const {
  return refuse_starts_ && !(unit.job_data() != nullptr && unit.job_data()->at_shutdown);
}

Result<void> Manager::want_up(UnitRuntime& unit) {
  if (is_refused(unit))
    return Error{ErrorCode::unavailable, "berth is shutting down"};
  for (const std::string_view name : order_.pulled_in_by(unit.name())) {
    UnitRuntime* each = table_.find(name);
    if (each == nullptr || is_refused(*each) ||
        (each->is_job() && each->job_succeeded && each != &unit))
      continue;
    each->wanted_up = true;
    each->stopped_with.clear();
    // A unit that is on its way down begins again when it has come to rest; one whose turn to stop
    // has not come stays, and what stopped with it comes back.
    if (each->stop_pending && !each->life.stop_requested) {
      each->stop_pending = false;
      start_what_stopped_with(each->name());
      if (observer_)
        observer_(*each);  // who waits for its stop waits in vain
    }
    if (is_at_rest(each->state) || (each->state == UnitState::backoff && each == &unit))
      table_.post(*each, UnitEvent::start);
  }
  return {};
}

void Manager::want_down(UnitRuntime& unit, const std::string& why) {
  logs_.unit_line(unit.name(), LogLevel::info, "stops: " + why);
  bring_down_dependents(unit, {});
  unit.stopped_with.clear();
  mark_stop(unit);
}

Result<void> Manager::start(UnitRuntime& unit) {
  unit.history.forget();
  unit.restarts = 0;
  unit.refuse_until = {};
  unit.pinned = unit.is_tenant() || unit.unit.service.idle_timeout.count() != 0;
  // A life that ends by itself is not the one that was asked for, however it ends.
  unit.start_again = unit.state == UnitState::stopping || unit.state == UnitState::killing ||
                     unit.state == UnitState::cleaning;
  return want_up(unit);
}

void Manager::stop(UnitRuntime& unit) {
  unit.pinned = false;
  want_down(unit, "asked to");
}

Result<void> Manager::restart(UnitRuntime& unit) {
  if (refuse_starts_)
    return Error{ErrorCode::unavailable, "berth is shutting down"};
  unit.history.forget();
  unit.restarts = 0;
  unit.refuse_until = {};
  if (is_at_rest(unit.state) || unit.state == UnitState::backoff)
    return want_up(unit);
  // What requires it stays: it only restarts.
  unit.wanted_up = true;
  begin_stop(unit);
  return {};
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

void Manager::mark_stop(UnitRuntime& unit) {
  unit.wanted_up = false;
  unit.start_again = false;
  if (unit.is_job())
    unit.job().again.reset();
  if (is_at_rest(unit.state))
    return;
  unit.stop_pending = true;
  stops_pending_ = true;
}

bool Manager::blocked_from_stopping(const UnitRuntime& unit) const {
  const auto& later = order_.waited_for_by(unit.name());
  return std::any_of(later.begin(), later.end(), [this](const Dependency& dependent) {
    const UnitRuntime* other = table_.find(dependent.unit);
    return other != nullptr && other->stop_pending && !is_at_rest(other->state);
  });
}

void Manager::advance_stops() {
  stops_pending_ = false;
  for (const auto& [name, unit] : table_.all()) {
    if (!unit->stop_pending)
      continue;
    stops_pending_ = true;
    if (!unit->life.stop_requested && !blocked_from_stopping(*unit))
      begin_stop(*unit);
  }
}

void Manager::begin_stop(UnitRuntime& unit) {
  // In waiting and backoff there is no life to end; the flag is the next life's to clear.
  unit.life.stop_requested = true;
  const Milliseconds limit = unit.unit.service.stop_timeout;
  leases_->let_go(unit, stop_cap_ ? std::min(limit, *stop_cap_) : limit,
                  [this, &unit] { table_.post(unit, UnitEvent::stop); });
}

void Manager::set_stop_cap(Milliseconds cap) {
  stop_cap_ = cap;
  actions_.set_stop_cap(cap);
}

void Manager::kill_all() {
  for (const auto& [name, unit] : table_.all())
    if (!is_at_rest(unit->state))
      actions_.kill(*unit);
}

}  // namespace berth
