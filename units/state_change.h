// StateChange: a unit has gone from one state into another, as a line of text; `berthctl events`
// reads such lines from a pipe that PID 1 writes to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "units/result.h"

namespace berth {

/// States stay words, so that a newer berth can have more of them.
struct StateChange {
  std::uint64_t monotonic_us = 0;  ///< CLOCK_MONOTONIC
  std::uint64_t wall_ms = 0;       ///< since 1970
  std::string unit, from, to;
  std::string invocation_id;  ///< of the life; empty before it has begun
  std::string reason;         ///< what it waits for, how it ended, why it failed; for people
  bool operator==(const StateChange&) const = default;
};

/// So many changes were not told, because the reader was slow.
struct ChangesDropped {
  std::uint64_t count = 0;
  bool operator==(const ChangesDropped&) const = default;
};

/// What one line of the pipe says.
using FeedLine = std::variant<StateChange, ChangesDropped>;

/// Fields between tabs, the reason last and cut after 1 KiB; control characters in it become
/// spaces. No newline.
std::string format_feed_line(const FeedLine& line);
/// `invalid` if that is no such line.
Result<FeedLine> parse_feed_line(std::string_view line);

}  // namespace berth
