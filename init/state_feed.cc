// Changes of state as lines.
#include "init/state_feed.h"

#include <utility>

#include "units/state_change.h"

namespace berth {
namespace {

/// All followers of the feed follow everything.
constexpr std::string_view kEverything;

/// Whether the state is one before the life that unit.life describes.
bool is_before_life(UnitState state) {
  return state == UnitState::waiting || state == UnitState::skipped;
}

}  // namespace

StateFeed::StateFeed(os::EventLoop& loop, WaitsFor waits_for)
    : loop_(loop), waits_for_(std::move(waits_for)), followers_(loop, [](std::uint64_t count) {
        return format_feed_line(ChangesDropped{count});
      }) {}

void StateFeed::follow(os::UniqueFd pipe) {
  followers_.add(std::string(kEverything), std::move(pipe));
}

void StateFeed::tell(const UnitRuntime& unit, UnitState from) {
  if (followers_.count() == 0)
    return;
  const auto since_start = loop_.clock().now().time_since_epoch();
  StateChange change;
  change.monotonic_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(since_start).count());
  change.wall_ms = unit.since_ms;
  change.unit = unit.name();
  change.from = to_string(from);
  change.to = to_string(unit.state);
  const bool had_life = !is_before_life(from) || unit.state == UnitState::preparing;
  if (had_life && !is_before_life(unit.state))
    change.invocation_id = unit.life.invocation_id;
  change.reason = reason_of(unit);
  followers_.tell(kEverything, format_feed_line(change));
}

std::string StateFeed::reason_of(const UnitRuntime& unit) const {
  switch (unit.state) {
    case UnitState::waiting:
      return waits_for_(unit);
    case UnitState::cleaning:
      // A life without a main process has not ended in any way yet: the last exit is an older
      // one's.
      return !unit.reason.empty() || !unit.life.main_ran ? unit.reason : unit.last_exit;
    case UnitState::exited:
      return unit.last_exit;
    case UnitState::stopping:
    case UnitState::backoff:
    case UnitState::failed:
      return unit.reason;
    default:
      return {};
  }
}

}  // namespace berth
