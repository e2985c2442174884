// Whatever happens to a unit in whatever order: the invariants of units/unit_state.h hold. Each
// byte of the input is an event; one that cannot happen in the state is left out.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/require.h"
#include "units/unit_state.h"

namespace {

using namespace berth;  // NOLINT(google-build-using-namespace): a program of one file

/// What the actions so far have left behind.
struct World {
  UnitState state = UnitState::inactive;
  bool has_process = false;
  bool is_clean = true;  ///< nothing of a life is left
};

void check(const World& world, const Transition& transition) {
  // 1. A main process exists exactly in starting, running, stopping and killing.
  require(is_alive(world.state) == world.has_process);
  // 6. Rest and back-off are reached through cleaning.
  require(world.is_clean || !(is_at_rest(world.state) || world.state == UnitState::backoff));
  // What is told of a rest is told at rest.
  if (transition.action == UnitAction::release || transition.action == UnitAction::report)
    require(is_at_rest(world.state));
}

void apply(World& world, UnitEvent event) {
  const UnitState before = world.state;
  const Transition transition = step(before, event);
  // 3. Of `spawn` only an end of the process is an end.
  if (is_alive(before) && !is_alive(transition.next))
    require(event == UnitEvent::exit_done || event == UnitEvent::exit_retry ||
            event == UnitEvent::exit_fail || event == UnitEvent::spawn_failed);
  // Conditions are asked before anything is made.
  if (before == UnitState::preparing && event == UnitEvent::skip)
    world.is_clean = true;
  world.state = transition.next;
  switch (transition.action) {
    case UnitAction::keep:
    case UnitAction::bug:
      require(transition.next == before);
      break;
    case UnitAction::prepare:
      require(world.is_clean);
      world.is_clean = false;
      break;
    case UnitAction::spawn:
      require(!world.has_process);
      world.has_process = true;
      break;
    case UnitAction::sweep:
      world.has_process = false;
      break;
    case UnitAction::schedule:
    case UnitAction::release:
    case UnitAction::report:
      world.is_clean = world.is_clean || before == UnitState::cleaning;
      break;
    default:
      break;
  }
  check(world, transition);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  for (std::size_t i = 0; i < size; ++i) {
    const auto event = static_cast<UnitEvent>(data[i] % kUnitEvents);
    if (step(world.state, event).action != UnitAction::bug)
      apply(world, event);
  }
  return 0;
}
