// The connection's table: every cell, as text.
#include "proxy/connection_state.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

/// "." = kept, "!" = bug, ">" = the next state.
std::string cell(ConnectionState state, ConnectionEvent event) {
  const ConnectionStep next = step(state, event);
  switch (next.action) {
    case ConnectionAction::keep:
      return ".";
    case ConnectionAction::bug:
      return "!";
    case ConnectionAction::enter:
    case ConnectionAction::close:
      return ">" + std::string(to_string(next.next));
    case ConnectionAction::answer_slow:
      return "408";
    case ConnectionAction::answer_unavailable:
      return "503";
    case ConnectionAction::answer_late:
      return "504";
    case ConnectionAction::give_up:
      return "give_up";
  }
  return "?";
}

TEST(ConnectionState, DoesInEveryCellWhatTheTableSays) {
  std::ostringstream table;
  for (std::size_t s = 0; s < kConnectionStates; ++s) {
    const auto state = static_cast<ConnectionState>(s);
    table << to_string(state) << ':';
    for (std::size_t e = 0; e < kConnectionEvents; ++e)
      table << ' ' << cell(state, static_cast<ConnectionEvent>(e));
    table << '\n';
  }

  EXPECT_EQ(
      table.str(),
      "idle: >reading_head ! ! ! ! ! >multiplexing ! ! >closed >closed >closed\n"
      "reading_head: . >checking >waiting_backend >connecting ! >replying ! ! ! >closed 408 "
      ">closed\n"
      "checking: ! . >waiting_backend >connecting ! >replying ! ! ! >closed 503 503\n"
      "waiting_backend: ! ! . >connecting ! >replying ! ! ! >closed 503 503\n"
      "connecting: ! ! >waiting_backend . >relaying >replying ! ! ! >closed 504 give_up\n"
      "relaying: ! ! >waiting_backend >connecting ! >replying >tunnelling >idle >lingering >closed "
      "give_up give_up\n"
      "replying: ! ! ! ! ! ! ! >idle >lingering >closed >closed >closed\n"
      "tunnelling: ! ! ! ! ! ! ! ! ! >closed >closed >lingering\n"
      "multiplexing: ! ! ! ! ! ! ! ! >lingering >closed >closed >closed\n"
      "lingering: ! ! ! ! ! ! ! ! ! >closed >closed >closed\n"
      "closed: ! ! ! ! ! ! ! ! ! . . .\n");
}

TEST(ConnectionState, KeepsTheStateWhenItDoesNotEnterAnother) {
  for (std::size_t s = 0; s < kConnectionStates; ++s) {
    for (std::size_t e = 0; e < kConnectionEvents; ++e) {
      const auto state = static_cast<ConnectionState>(s);
      const ConnectionStep next = step(state, static_cast<ConnectionEvent>(e));
      if (next.action != ConnectionAction::enter && next.action != ConnectionAction::close) {
        EXPECT_EQ(next.next, state);
      }
    }
  }
}

}  // namespace
}  // namespace berth::proxy
