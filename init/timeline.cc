// Noting times.
#include "init/timeline.h"

namespace berth {
namespace {

/// Neither at rest nor up nor waiting for another try; a job that runs has not got anywhere yet.
bool is_on_its_way(const UnitRuntime& unit, UnitState state) {
  if (state == UnitState::running)
    return unit.is_job();
  return !is_at_rest(state) && state != UnitState::backoff;
}

}  // namespace

void Timeline::on_state(UnitRuntime& unit, UnitState from) {
  const os::TimePoint now = clock_.now();
  switch (unit.state) {
    case UnitState::waiting:
      unit.times = UnitTimes{now, {}, {}};
      break;
    case UnitState::preparing:
      unit.times.begun = now;
      break;
    case UnitState::running:
      if (!unit.is_job())
        unit.times.up = now;
      break;
    case UnitState::exited:
      if (unit.is_job())
        unit.times.up = now;
      break;
    case UnitState::skipped:
      unit.times.begun = unit.times.up = now;
      break;
    default:
      break;
  }
  if (unit.is_tenant() || booted_ != os::TimePoint())
    return;
  const bool was = is_on_its_way(unit, from);
  const bool is = is_on_its_way(unit, unit.state);
  if (is && !was)
    ++on_their_way_;
  if (was && !is && --on_their_way_ == 0)
    booted_ = now;
}

}  // namespace berth
