// Memory policy.
#include "units/memory_policy.h"

namespace berth {
namespace {

// Below this part of `high` it counts as over, so that one that wavers is warned of once.
constexpr std::uint64_t kCalmTenths = 9;

}  // namespace

MemoryStep judge_memory(const Unit& unit, const MemoryFacts& facts, MemoryRecord& record) {
  const MemorySpec& memory = unit.memory;
  if (facts.keeps_limit && memory.limit && facts.used > *memory.limit) {
    return MemoryStep::kill;
  }
  if (!memory.high || facts.used.count < memory.high->count / 10 * kCalmTenths) {
    record.is_high = false;
    return MemoryStep::none;
  }
  if (facts.used < *memory.high) {
    return MemoryStep::none;
  }
  const bool is_news = !record.is_high;
  record.is_high = true;
  const MemoryStep quiet = is_news ? MemoryStep::warn : MemoryStep::none;
  if (memory.on_high == OnHigh::log || unit.kind == UnitKind::job) {
    return quiet;
  }
  if (record.last_restarted && facts.now - *record.last_restarted < unit.service.restart_window) {
    return quiet;
  }
  const bool may_wait = unit.kind == UnitKind::tenant || unit.kind == UnitKind::service;
  const bool waits = memory.on_high == OnHigh::restart_when_idle && may_wait;
  return waits ? MemoryStep::restart_when_idle : MemoryStep::restart;
}

std::string over_words(std::string_view key, Bytes bound, Bytes used) {
  return "over [memory] " + std::string(key) + " (" + format_size(bound) + "): has " +
         format_size(used);
}

}  // namespace berth
