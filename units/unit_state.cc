// The table of unit_state.h.
#include "units/unit_state.h"

namespace berth {
namespace {

using S = UnitState;
using A = UnitAction;

constexpr std::array<std::string_view, kUnitStates> kStateNames = {
    "inactive", "waiting",  "preparing", "starting", "running", "stopping",
    "killing",  "cleaning", "backoff",   "exited",   "failed",  "skipped"};
constexpr std::array<std::string_view, kUnitEvents> kEventNames = {
    "start",   "deps_ready",   "dep_failed",    "skip",         "prepared",  "spawn_failed",
    "ready",   "unhealthy",    "exit_done",     "exit_retry",   "exit_fail", "stop",
    "cleaned", "cleaned_done", "cleaned_retry", "cleaned_fail", "timeout"};
constexpr std::array kActionNames = std::to_array<std::string_view>(
    {"keep", "bug", "queue", "prepare", "spawn", "announce", "terminate", "kill", "sweep",
     "schedule", "release", "report"});

static_assert(static_cast<std::size_t>(S::skipped) + 1 == kUnitStates);
static_assert(static_cast<std::size_t>(UnitEvent::timeout) + 1 == kUnitEvents);
static_assert(static_cast<std::size_t>(A::report) + 1 == kActionNames.size());

// "keep" and "bug" name no state: step() fills in the current one.
constexpr Transition kKeep{S::inactive, A::keep};
constexpr Transition kBug{S::inactive, A::bug};

constexpr Transition to(S next, A action) {
  return {next, action};
}

constexpr Transition kQueue = to(S::waiting, A::queue);
constexpr Transition kSweep = to(S::cleaning, A::sweep);
constexpr Transition kTerminate = to(S::stopping, A::terminate);
constexpr Transition kKill = to(S::killing, A::kill);
constexpr Transition kRest = to(S::inactive, A::release);
constexpr Transition kFail = to(S::failed, A::report);

using Row = std::array<Transition, kUnitEvents>;

// clang-format off
constexpr std::array<Row, kUnitStates> kTable = {{
//  start    deps_ready                        dep_failed  skip                             prepared                       spawn_failed ready                            unhealthy   exit_done exit_retry exit_fail stop        cleaned  cleaned_done                  cleaned_retry                    cleaned_fail timeout
  { kQueue,  kKeep,                            kKeep,      kKeep,                           kBug,                          kBug,        kKeep,                           kKeep,      kBug,     kBug,      kBug,     kKeep,      kBug,    kBug,                         kBug,                            kBug,        kBug       },  // inactive
  { kKeep,   to(S::preparing, A::prepare),     kFail,      kBug,                            kBug,                          kBug,        kBug,                            kBug,       kBug,     kBug,      kBug,     kRest,      kBug,    kBug,                         kBug,                            kBug,        kBug       },  // waiting
  { kKeep,   kKeep,                            kSweep,     to(S::skipped, A::release),      to(S::starting, A::spawn),     kSweep,      kBug,                            kBug,       kBug,     kBug,      kBug,     kSweep,     kBug,    kBug,                         kBug,                            kBug,        kSweep     },  // preparing
  { kKeep,   kKeep,                            kTerminate, kBug,                            kBug,                          kSweep,      to(S::running, A::announce),     kTerminate, kSweep,   kSweep,    kSweep,   kTerminate, kBug,    kBug,                         kBug,                            kBug,        kTerminate },  // starting
  { kKeep,   kKeep,                            kTerminate, kBug,                            kBug,                          kBug,        kKeep,                           kTerminate, kSweep,   kSweep,    kSweep,   kTerminate, kBug,    kBug,                         kBug,                            kBug,        kTerminate },  // running
  { kKeep,   kKeep,                            kKeep,      kBug,                            kBug,                          kSweep,      kKeep,                           kKeep,      kSweep,   kSweep,    kSweep,   kKeep,      kBug,    kBug,                         kBug,                            kBug,        kKill      },  // stopping
  { kKeep,   kKeep,                            kKeep,      kBug,                            kBug,                          kSweep,      kKeep,                           kKeep,      kSweep,   kSweep,    kSweep,   kKeep,      kBug,    kBug,                         kBug,                            kBug,        kKill      },  // killing
  { kKeep,   kKeep,                            kKeep,      kBug,                            kBug,                          kBug,        kKeep,                           kKeep,      kBug,     kBug,      kBug,     kKeep,      kRest,   to(S::exited, A::release),    to(S::backoff, A::schedule),     kFail,       to(S::cleaning, A::kill) },  // cleaning
  { kQueue,  kKeep,                            kFail,      kBug,                            kBug,                          kBug,        kKeep,                           kKeep,      kBug,     kBug,      kBug,     kRest,      kBug,    kBug,                         kBug,                            kBug,        kQueue     },  // backoff
  { kQueue,  kKeep,                            kKeep,      kKeep,                           kBug,                          kBug,        kKeep,                           kKeep,      kBug,     kBug,      kBug,     kRest,      kBug,    kBug,                         kBug,                            kBug,        kBug       },  // exited
  { kQueue,  kKeep,                            kKeep,      kKeep,                           kBug,                          kBug,        kKeep,                           kKeep,      kBug,     kBug,      kBug,     kRest,      kBug,    kBug,                         kBug,                            kBug,        kBug       },  // failed
  { kQueue,  kKeep,                            kKeep,      kKeep,                           kBug,                          kBug,        kKeep,                           kKeep,      kBug,     kBug,      kBug,     kRest,      kBug,    kBug,                         kBug,                            kBug,        kBug       },  // skipped
}};
// clang-format on

}  // namespace

Transition step(UnitState state, UnitEvent event) {
  const Transition cell = kTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
  const bool stays = cell.action == A::keep || cell.action == A::bug;
  return stays ? Transition{state, cell.action} : cell;
}

std::string_view to_string(UnitState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(UnitEvent event) {
  return kEventNames[static_cast<std::size_t>(event)];
}

std::string_view to_string(UnitAction action) {
  return kActionNames[static_cast<std::size_t>(action)];
}

bool is_alive(UnitState state) {
  return state == S::starting || state == S::running || state == S::stopping || state == S::killing;
}

bool is_at_rest(UnitState state) {
  return state == S::inactive || state == S::exited || state == S::failed || state == S::skipped;
}

}  // namespace berth
