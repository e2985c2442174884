// Memory per unit.
#include "init/admin/memory_table.h"

namespace berth::admin {
namespace {

constexpr std::string_view kOwnKind = "berth";

void add(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& part) {
  sum = sum.has_value() && part.has_value() ? std::optional(*sum + *part) : std::nullopt;
}

UnitMemory sum_of(std::string name, std::string kind, const std::vector<std::int32_t>& pids,
                  const ProcessTable& processes, bool complete) {
  UnitMemory unit{std::move(name), std::move(kind), 0, ProcessMemory{0, 0, 0, 0}, "", {}};
  for (const std::int32_t pid : pids) {
    const auto found = processes.find(pid);
    if (found == processes.end() && complete)
      continue;
    const ProcessMemory part = found != processes.end() ? found->second : ProcessMemory{};
    ++unit.processes;
    add(unit.sum.resident, part.resident);
    add(unit.sum.proportional, part.proportional);
    add(unit.sum.private_memory, part.private_memory);
    add(unit.sum.swapped, part.swapped);
  }
  unit.measured_by = unit.sum.proportional ? "PSS" : unit.sum.resident ? "RSS" : "";
  return unit;
}

}  // namespace

std::vector<UnitMemory> join_memory(const Snapshot& snapshot, const ProcessTable& processes,
                                    bool complete) {
  std::vector<UnitMemory> units;
  // berth's own processes live for sure: not measured means unknown.
  units.push_back(sum_of("berth", std::string(kOwnKind), {snapshot.berth_pid}, processes, false));
  units.push_back(
      sum_of("berth-admin", std::string(kOwnKind), {snapshot.admin_pid}, processes, false));
  for (const UnitStatus& unit : snapshot.units) {
    UnitMemory memory = sum_of(unit.name, kind_name(unit.kind), unit.pids, processes, complete);
    if (unit.memory_by.starts_with("cgroup")) {
      memory.measured_by = unit.memory_by;
      memory.in_cgroup = unit.memory_current;
    }
    if (memory.processes > 0)
      units.push_back(std::move(memory));
  }
  return units;
}

std::string kind_name(UnitKind kind) {
  switch (kind) {
    case UnitKind::service:
      return "service";
    case UnitKind::job:
      return "job";
    case UnitKind::tenant:
      return "tenant";
    case UnitKind::proxy:
      return "proxy";
  }
  return "unknown";  // from a newer PID 1
}

}  // namespace berth::admin
