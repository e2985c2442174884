// The state table: every cell, and what must hold whatever happens.
#include "units/unit_state.h"

#include <array>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace berth {
namespace {

/// The whole table as text: "NEXT/action", "." = kept on purpose, "!" = cannot happen.
constexpr const char* kTable = R"(
event         inactive       waiting            preparing       starting            running             stopping        killing         cleaning         backoff        exited         failed         skipped
start         waiting/queue  .                  .               .                   .                   .               .               .                waiting/queue  waiting/queue  waiting/queue  waiting/queue
deps_ready    .              preparing/prepare  .               .                   .                   .               .               .                .              .              .              .
dep_failed    .              failed/report      cleaning/sweep  stopping/terminate  stopping/terminate  .               .               .                failed/report  .              .              .
skip          .              !                  skipped/release !                   !                   !               !               !                !              .              .              .
prepared      !              !                  starting/spawn  !                   !                   !               !               !                !              !              !              !
spawn_failed  !              !                  cleaning/sweep  cleaning/sweep      !                   cleaning/sweep  cleaning/sweep  !                !              !              !              !
ready         .              !                  !               running/announce    .                   .               .               .                .              .              .              .
unhealthy     .              !                  !               stopping/terminate  stopping/terminate  .               .               .                .              .              .              .
exit_done     !              !                  !               cleaning/sweep      cleaning/sweep      cleaning/sweep  cleaning/sweep  !                !              !              !              !
exit_retry    !              !                  !               cleaning/sweep      cleaning/sweep      cleaning/sweep  cleaning/sweep  !                !              !              !              !
exit_fail     !              !                  !               cleaning/sweep      cleaning/sweep      cleaning/sweep  cleaning/sweep  !                !              !              !              !
stop          .              inactive/release   cleaning/sweep  stopping/terminate  stopping/terminate  .               .               .                inactive/release inactive/release inactive/release inactive/release
cleaned       !              !                  !               !                   !                   !               !               inactive/release !              !              !              !
cleaned_done  !              !                  !               !                   !                   !               !               exited/release   !              !              !              !
cleaned_retry !              !                  !               !                   !                   !               !               backoff/schedule !              !              !              !
cleaned_fail  !              !                  !               !                   !                   !               !               failed/report    !              !              !              !
timeout       !              !                  cleaning/sweep  stopping/terminate  stopping/terminate  killing/kill    killing/kill    cleaning/kill    waiting/queue  !              !              !
)";

UnitState state_at(std::size_t index) {
  return static_cast<UnitState>(index);
}
UnitEvent event_at(std::size_t index) {
  return static_cast<UnitEvent>(index);
}

std::string cell(UnitState state, UnitEvent event) {
  const Transition transition = step(state, event);
  if (transition.action == UnitAction::keep || transition.action == UnitAction::bug)
    return transition.action == UnitAction::keep ? "." : "!";
  return std::string(to_string(transition.next)) + "/" + std::string(to_string(transition.action));
}

TEST(UnitState, EveryCellIsAsTheTableSays) {
  std::istringstream table(kTable);
  std::string word;
  table >> word;
  for (std::size_t s = 0; s < kUnitStates; ++s) {
    table >> word;
    ASSERT_EQ(word, to_string(state_at(s)));
  }
  std::size_t cells = 0;

  for (std::size_t e = 0; e < kUnitEvents; ++e) {
    table >> word;
    ASSERT_EQ(word, to_string(event_at(e)));
    for (std::size_t s = 0; s < kUnitStates; ++s, ++cells) {
      table >> word;
      EXPECT_EQ(cell(state_at(s), event_at(e)), word)
          << to_string(event_at(e)) << " in " << to_string(state_at(s));
    }
  }

  EXPECT_EQ(cells, kUnitStates * kUnitEvents);
  EXPECT_FALSE(table >> word);
}

TEST(UnitState, KeepAndBugLeaveTheStateAsItIs) {
  for (std::size_t s = 0; s < kUnitStates; ++s)
    for (std::size_t e = 0; e < kUnitEvents; ++e) {
      const Transition transition = step(state_at(s), event_at(e));
      if (transition.action == UnitAction::keep || transition.action == UnitAction::bug) {
        EXPECT_EQ(transition.next, state_at(s));
      }
    }
}

TEST(UnitState, EveryStateIsReachedFromInactive) {
  std::set<UnitState> reached{UnitState::inactive};
  for (std::size_t round = 0; round < kUnitStates; ++round)
    for (const UnitState state : std::set<UnitState>(reached))
      for (std::size_t e = 0; e < kUnitEvents; ++e)
        reached.insert(step(state, event_at(e)).next);

  EXPECT_EQ(reached.size(), kUnitStates);
}

/// What the outside may send to a unit in this state without anything having gone wrong.
std::vector<UnitEvent> possible(UnitState state) {
  std::vector<UnitEvent> events;
  for (std::size_t e = 0; e < kUnitEvents; ++e)
    if (step(state, event_at(e)).action != UnitAction::bug)
      events.push_back(event_at(e));
  return events;
}

TEST(UnitState, StopLeadsToRestFromEveryState) {
  for (std::size_t s = 0; s < kUnitStates; ++s) {
    UnitState state = step(state_at(s), UnitEvent::stop).next;
    if (state == UnitState::stopping || state == UnitState::killing)
      state = step(step(state, UnitEvent::timeout).next, UnitEvent::exit_done).next;
    if (state == UnitState::cleaning)
      state = step(state, UnitEvent::cleaned).next;

    EXPECT_EQ(state, UnitState::inactive) << "from " << to_string(state_at(s));
  }
}

TEST(UnitState, TheProcessIsSpawnedAndSweptInTurns) {
  std::minstd_rand random(1);
  UnitState state = UnitState::inactive;
  bool alive = false;
  bool dirty = false;
  for (int i = 0; i < 200'000; ++i) {
    const auto events = possible(state);
    const Transition transition = step(state, events[random() % events.size()]);
    state = transition.next;

    if (transition.action == UnitAction::spawn) {
      ASSERT_FALSE(alive) << "two main processes";
      ASSERT_FALSE(dirty) << "a life began before the last one was swept";
      alive = true;
    } else if (transition.action == UnitAction::sweep) {
      alive = false;
      dirty = true;
    } else if (is_at_rest(state) || state == UnitState::backoff) {
      dirty = false;
    }
    ASSERT_EQ(is_alive(state), alive) << to_string(state);
  }
}

}  // namespace
}  // namespace berth
