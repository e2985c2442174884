// Where berthctl writes, and how: a terminal gets colours and progress, everything else plain text.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace berth::ctl {

enum class Colour { none, green, yellow, red, dim, bold };

/// Streams and manners of one run; who makes it owns the streams.
struct Output {
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  ///< somebody looks on: show progress
  bool colour = false;
  bool json = false;
  std::uint64_t now_ms = 0;  ///< wall clock, for "3m ago"

  std::string paint(Colour colour, std::string_view text) const;
};

/// The colour of a unit's state.
Colour colour_of(std::string_view state);

}  // namespace berth::ctl
