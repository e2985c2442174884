// Stopping and restarting: who goes down with a unit, in which order, and who comes back with it.
#include <algorithm>
#include <utility>

#include "init/manager.h"

namespace berth {
namespace {

/// Whether the unit lives, or is about to, and nothing has asked for its end yet.
bool is_in_a_life(const UnitRuntime& unit) {
  const bool lives = unit.state == UnitState::preparing || unit.state == UnitState::starting ||
                     unit.state == UnitState::running;
  return lives && unit.wanted_up && !unit.stop_pending && !unit.life.stop_requested;
}

}  // namespace

void Manager::bring_down_dependents(UnitRuntime& unit, const std::string& reason) {
  if (unit.is_job() && unit.job_succeeded)
    return;  // its first success is all that they require
  for (const std::string_view name : order_.brought_down_by(unit.name())) {
    UnitRuntime* other = table_.find(name);
    if (other == nullptr || !other->wanted_up || is_at_rest(other->state))
      continue;
    other->stopped_with = unit.name();
    unit.took_others_down = true;
    if (!reason.empty())
      other->reason = reason;
    mark_stop(*other);
  }
}

void Manager::start_what_stopped_with(UnitRuntime& unit) {
  if (refuse_starts_ || !std::exchange(unit.took_others_down, false))
    return;
  for (const auto& [name, other] : table_.all())
    if (other->stopped_with == unit.name()) {
      other->stopped_with.clear();
      bring_up({other.get()}, &unit);
    }
}

void Manager::want_down(UnitRuntime& unit, const std::string& why) {
  logs_.unit_line(unit.name(), LogLevel::info, "stops: " + why);
  bring_down_dependents(unit, {});
  unit.stopped_with.clear();
  mark_stop(unit);
}

void Manager::stop(UnitRuntime& unit) {
  unit.pinned = false;
  want_down(unit, "asked to");
}

Result<void> Manager::restart(UnitRuntime& unit) {
  if (refuse_starts_)
    return Error{ErrorCode::unavailable, "berth is shutting down"};
  unit.forget_failures();
  unit.refuse_until = {};
  if (is_at_rest(unit.state) || unit.state == UnitState::backoff)
    return want_up(unit);
  // What requires it stays: it only restarts. What is part of it restarts too.
  restart_parts(unit);
  mark_restart(unit);
  return {};
}

void Manager::restart_parts(const UnitRuntime& unit) {
  for (const std::string_view name : order_.parts_of(unit.name())) {
    UnitRuntime* part = table_.find(name);
    if (part == nullptr || !is_in_a_life(*part))
      continue;
    logs_.unit_line(part->name(), LogLevel::info, "restarts with " + unit.name());
    mark_restart(*part);
  }
}

void Manager::mark_restart(UnitRuntime& unit) {
  if (unit.state == UnitState::running && is_in_a_life(unit) && actions_.hand_over(unit))
    return;
  // Wanted up and about to stop at once: it begins again when it has come to rest, however it does.
  unit.wanted_up = true;
  unit.start_again = true;
  unit.stop_pending = true;
  stops_pending_ = true;
}

void Manager::make_room_for(const UnitRuntime& unit) {
  for (const std::string_view name : order_.in_conflict_with(unit.name())) {
    UnitRuntime* other = table_.find(name);
    if (other == nullptr)
      continue;
    other->stopped_with.clear();  // not even with what it stopped with does it come back now
    if (other->wanted_up || (!is_at_rest(other->state) && !other->stop_pending))
      want_down(*other, "it is in conflict with " + unit.name() + ", which starts");
  }
}

void Manager::mark_stop(UnitRuntime& unit) {
  unit.wanted_up = false;
  unit.start_again = false;
  if (unit.is_job())
    unit.job().again.reset();
  const bool was_to_start = table_.retract(unit, UnitEvent::start);
  if (is_at_rest(unit.state)) {
    // Who waits for that start waits in vain.
    if (was_to_start)
      dependents_of(unit);
    if (was_to_start && observer_)
      observer_(unit);
    return;
  }
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
  Milliseconds for_requests = unit.unit.service.stop_timeout;
  if (stop_window_) {
    const Milliseconds share = share_of_window(unit);
    actions_.stop_by(unit, loop_.now() + share);
    // Requests in flight go on while their program ends; it shall hear of it in time.
    for_requests = share / 2;
  }
  leases_->let_go(unit, for_requests, [this, &unit] { table_.post(unit, UnitEvent::stop); });
}

Milliseconds Manager::share_of_window(UnitRuntime& unit) const {
  const auto left = std::chrono::floor<Milliseconds>(stop_window_->end - loop_.now());
  return stop_window_->shares.share(unit.unit, left);
}

void Manager::limit_stops(os::TimePoint end, StopShares shares) {
  stop_window_ = StopWindow{end, std::move(shares)};
  for (const auto& [name, unit] : table_.all())
    if (unit->state == UnitState::stopping && !unit->life.stop_by)
      actions_.stop_by(*unit, loop_.now() + share_of_window(*unit));
}

void Manager::kill_all() {
  for (const auto& [name, unit] : table_.all())
    if (!is_at_rest(unit->state) && unit->state != UnitState::waiting &&
        unit->state != UnitState::backoff)
      actions_.kill(*unit);
}

}  // namespace berth
