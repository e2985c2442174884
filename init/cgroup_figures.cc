// What the groups of units tell of memory.
#include "init/cgroups.h"
#include "units/values.h"

namespace berth {
namespace {

std::uint64_t entry_of(const std::map<std::string, std::uint64_t>& table, const char* name) {
  const auto found = table.find(name);
  return found != table.end() ? found->second : 0;
}

std::uint64_t ooms_in(const std::string& group, bool is_v2) {
  const char* file = is_v2 ? "/memory.events" : "/memory.oom_control";
  return entry_of(os::read_group_table(group + file), "oom_kill");
}

}  // namespace

std::optional<GroupMemory> Cgroups::memory(const UnitRuntime& unit) const {
  const Group* group = find(unit);
  if (group == nullptr || (!layout_.v2_memory && group->memory.empty()))
    return std::nullopt;
  GroupMemory memory;
  memory.is_v2 = layout_.v2_memory;
  const std::string folder = memory.is_v2 ? group->v2 : group->memory;
  const auto current =
      os::read_group_number(folder + (memory.is_v2 ? "/memory.current" : "/memory.usage_in_bytes"));
  if (!current)
    return std::nullopt;
  memory.current = *current;
  memory.peak = os::read_group_number(
      folder + (memory.is_v2 ? "/memory.peak" : "/memory.max_usage_in_bytes"));
  return memory;
}

std::optional<std::uint64_t> Cgroups::memory_in_use(const UnitRuntime& unit) const {
  const auto all = memory(unit);
  if (!all)
    return std::nullopt;
  const Group* group = find(unit);
  const std::string folder = all->is_v2 ? group->v2 : group->memory;
  const auto stat = os::read_group_table(folder + "/memory.stat");
  const std::string prefix = all->is_v2 ? "" : "total_";
  const std::uint64_t cache = entry_of(stat, (prefix + "active_file").c_str()) +
                              entry_of(stat, (prefix + "inactive_file").c_str());
  const std::uint64_t swapped =
      all->is_v2 ? os::read_group_number(folder + "/memory.swap.current").value_or(0)
                 : entry_of(stat, "total_swap");
  return all->current - std::min(all->current, cache) + swapped;
}

std::uint64_t Cgroups::ooms_of(const Group& group) const {
  if (layout_.v2_memory && !group.v2.empty())
    return ooms_in(group.v2, true);
  return group.memory.empty() ? 0 : ooms_in(group.memory, false);
}

std::uint64_t Cgroups::limit_hits_of(const Group& group) const {
  if (layout_.v2_memory && !group.v2.empty())
    return entry_of(os::read_group_table(group.v2 + "/memory.events"), "max");
  if (group.memory.empty())
    return 0;
  return os::read_group_number(group.memory + "/memory.failcnt").value_or(0);
}

std::uint64_t Cgroups::own_ooms() const {
  return layout_.own_memory.empty() ? 0 : ooms_in(layout_.own_memory, layout_.own_memory_is_v2);
}

std::uint64_t Cgroups::oom_kills(const UnitRuntime& unit) const {
  const Group* group = find(unit);
  const std::uint64_t now = group != nullptr ? ooms_of(*group) : 0;
  return group != nullptr && now > group->ooms_before ? now - group->ooms_before : 0;
}

std::optional<std::string> Cgroups::why_killed(const UnitRuntime& unit) {
  const auto group = groups_.find(unit.name());
  const std::uint64_t kills = oom_kills(unit);
  if (group != groups_.end() && kills > group->second.ooms_told) {
    group->second.ooms_told = kills;
    const bool own_limit =
        unit.unit.memory.limit && limit_hits_of(group->second) > group->second.limit_hits_before;
    return own_limit ? "out of memory (limit " + format_size(*unit.unit.memory.limit) + ")"
                     : "out of memory (of the container or the machine)";
  }
  // A unit without a group of its own dies in berth's.
  const std::uint64_t own = own_ooms();
  if (own <= own_ooms_told_ || memory(unit))
    return std::nullopt;
  own_ooms_told_ = own;
  return "out of memory (of the container or the machine)";
}

}  // namespace berth
