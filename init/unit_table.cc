// The table of units.
#include "init/unit_table.h"

#include <algorithm>

namespace berth {
namespace {

std::uint32_t bit_of(UnitEvent event) {
  return std::uint32_t{1} << static_cast<unsigned>(event);
}

}  // namespace

UnitRuntime& UnitTable::add(Unit unit) {
  std::string name = unit.name.str();
  auto runtime = std::make_unique<UnitRuntime>(std::move(unit), next_index_++);
  return *units_.emplace(std::move(name), std::move(runtime)).first->second;
}

UnitRuntime* UnitTable::find(std::string_view name) {
  const auto found = units_.find(name);
  return found == units_.end() ? nullptr : found->second.get();
}

const UnitRuntime* UnitTable::find(std::string_view name) const {
  const auto found = units_.find(name);
  return found == units_.end() ? nullptr : found->second.get();
}

UnitRuntime* UnitTable::main_unit() {
  const auto found = std::find_if(units_.begin(), units_.end(), [](const auto& entry) {
    return entry.second->unit.info.main && !entry.second->removed;
  });
  return found == units_.end() ? nullptr : found->second.get();
}

void UnitTable::remove(const std::string& name) {
  const auto found = units_.find(name);
  if (found == units_.end())
    return;
  const UnitRuntime* gone = found->second.get();
  std::erase_if(queue_, [gone](const Posted& posted) { return posted.unit == gone; });
  units_.erase(found);
}

void UnitTable::post(UnitRuntime& unit, UnitEvent event) {
  if (unit.is_successor())
    return unit.handover->events(event);
  queue_.push_back({&unit, event});
  ++unit.posted;
  unit.posted_kinds |= bit_of(event);
}

bool UnitTable::retract(UnitRuntime& unit, UnitEvent event) {
  // At a boot the queue has all units in it, and each change of state comes here.
  if ((unit.posted_kinds & bit_of(event)) == 0)
    return false;
  const auto taken = static_cast<std::uint32_t>(std::erase_if(
      queue_, [&](const Posted& each) { return each.unit == &unit && each.event == event; }));
  unit.posted -= taken;
  unit.posted_kinds &= ~bit_of(event);
  return taken != 0;
}

UnitTable::Posted UnitTable::take() {
  if (queue_.empty())
    return {};
  const Posted next = queue_.front();
  queue_.pop_front();
  if (--next.unit->posted == 0)
    next.unit->posted_kinds = 0;
  return next;
}

}  // namespace berth
