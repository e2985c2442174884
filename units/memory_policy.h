// What is to be done about a unit that has too much memory.
#pragma once

#include <cstdint>
#include <string>

#include "units/unit.h"

namespace berth {

enum class MemoryStep : std::uint8_t {
  none,
  warn,
  restart,
  restart_when_idle,  ///< of a tenant or a service: as soon as nobody uses it
  kill,
};

/// What a look at a unit's memory has found.
struct MemoryFacts {
  Bytes used;                ///< without what the kernel would take back by itself
  bool keeps_limit = false;  ///< berth has to keep `limit` itself: no cgroup does
  Milliseconds now{0};       ///< monotonic
};

/// What was found before. One for each unit, over all of its lives.
struct MemoryRecord {
  bool is_high = false;  ///< was over `high` at the last look, and that was said
  std::optional<Milliseconds> last_restarted;  ///< for having been over `high`
};

/// Whether `high` and `limit` are kept, and what follows. Leaves it to the caller to note a restart
/// in `record`. A job is not restarted, and nothing is, twice within its restart_window.
MemoryStep judge_memory(const Unit& unit, const MemoryFacts& facts, MemoryRecord& record);

/// "over [memory] high (400M): has 412M".
std::string over_words(std::string_view key, Bytes bound, Bytes used);

}  // namespace berth
