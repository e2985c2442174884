// The table, one row a state, one column an event.
#include "proxy/connection_state.h"

#include <array>

namespace berth::proxy {
namespace {

using State = ConnectionState;
using Action = ConnectionAction;

/// A cell: "to" a state, or an action that stays in the state.
struct Cell {
  Action action;
  State next;  ///< counts if action is enter or close
};
constexpr Cell to(State next) {
  return {Action::enter, next};
}
constexpr Cell stay(Action action) {
  return {action, State::closed};
}
constexpr Cell kKeep = stay(Action::keep);
constexpr Cell kBug = stay(Action::bug);
constexpr Cell kClose = {Action::close, State::closed};
constexpr Cell kSlow = stay(Action::answer_slow);
constexpr Cell kUnavailable = stay(Action::answer_unavailable);
constexpr Cell kLate = stay(Action::answer_late);
constexpr Cell kGiveUp = stay(Action::give_up);

constexpr Cell kHead = to(State::reading_head);
constexpr Cell kCheck = to(State::checking);
constexpr Cell kWait = to(State::waiting_backend);
constexpr Cell kConnect = to(State::connecting);
constexpr Cell kRelay = to(State::relaying);
constexpr Cell kReply = to(State::replying);
constexpr Cell kTunnel = to(State::tunnelling);
constexpr Cell kMulti = to(State::multiplexing);
constexpr Cell kIdle = to(State::idle);
constexpr Cell kLinger = to(State::lingering);

// clang-format off
constexpr std::array<std::array<Cell, kConnectionEvents>, kConnectionStates> kTable = {{
  // bytes  check   park   connect   connected answer  upgraded done   done_close gone    timeout       cut
  {{ kHead, kBug,   kBug,  kBug,     kBug,     kBug,   kMulti,  kBug,  kBug,      kClose, kClose,       kClose       }},  // idle
  {{ kKeep, kCheck, kWait, kConnect, kBug,     kReply, kBug,    kBug,  kBug,      kClose, kSlow,        kClose       }},  // reading_head
  {{ kBug,  kKeep,  kWait, kConnect, kBug,     kReply, kBug,    kBug,  kBug,      kClose, kUnavailable, kUnavailable }},  // checking
  {{ kBug,  kBug,   kKeep, kConnect, kBug,     kReply, kBug,    kBug,  kBug,      kClose, kUnavailable, kUnavailable }},  // waiting_backend
  {{ kBug,  kBug,   kWait, kKeep,    kRelay,   kReply, kBug,    kBug,  kBug,      kClose, kLate,        kGiveUp      }},  // connecting
  {{ kBug,  kBug,   kWait, kConnect, kBug,     kReply, kTunnel, kIdle, kLinger,   kClose, kGiveUp,      kGiveUp      }},  // relaying
  {{ kBug,  kBug,   kBug,  kBug,     kBug,     kBug,   kBug,    kIdle, kLinger,   kClose, kClose,       kClose       }},  // replying
  {{ kBug,  kBug,   kBug,  kBug,     kBug,     kBug,   kBug,    kBug,  kBug,      kClose, kClose,       kLinger      }},  // tunnelling
  {{ kBug,  kBug,   kBug,  kBug,     kBug,     kBug,   kBug,    kBug,  kLinger,   kClose, kClose,       kClose       }},  // multiplexing
  {{ kBug,  kBug,   kBug,  kBug,     kBug,     kBug,   kBug,    kBug,  kBug,      kClose, kClose,       kClose       }},  // lingering
  {{ kBug,  kBug,   kBug,  kBug,     kBug,     kBug,   kBug,    kBug,  kBug,      kKeep,  kKeep,        kKeep        }},  // closed
}};
// clang-format on

constexpr std::array<std::string_view, kConnectionStates> kStateNames = {
    "idle",     "reading_head", "checking",     "waiting_backend", "connecting", "relaying",
    "replying", "tunnelling",   "multiplexing", "lingering",       "closed"};
constexpr std::array<std::string_view, kConnectionEvents> kEventNames = {
    "bytes",    "ask",  "park",       "connect", "connected", "answer",
    "upgraded", "done", "done_close", "gone",    "timeout",   "cut"};
static_assert(static_cast<std::size_t>(State::closed) + 1 == kConnectionStates);
static_assert(static_cast<std::size_t>(ConnectionEvent::cut) + 1 == kConnectionEvents);
static_assert(!kStateNames.back().empty() && !kEventNames.back().empty());

}  // namespace

ConnectionStep step(ConnectionState state, ConnectionEvent event) {
  const Cell& cell = kTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
  const bool moves = cell.action == Action::enter || cell.action == Action::close;
  return {moves ? cell.next : state, cell.action};
}

std::string_view to_string(ConnectionState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(ConnectionEvent event) {
  return kEventNames[static_cast<std::size_t>(event)];
}

}  // namespace berth::proxy
