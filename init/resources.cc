// Equipping processes, and the words for the end of one that had too little.
#include "init/resources.h"

#include <algorithm>

#include <signal.h>

#include "init/os/memory_switches.h"

namespace berth {
namespace {

// A tenant goes before what all of them need.
constexpr int kTenantOomScore = 500;
constexpr auto kWithout = "has no effect here";

}  // namespace

GroupEntry Resources::equip(const UnitRuntime& unit, ExecContext& context) {
  const MemorySpec& memory = unit.unit.memory;
  context.no_huge_pages = memory.huge_pages == HugePages::never && may_disable_huge_pages();
  context.merge_pages = memory.merge && may_merge();
  // To lower it takes CAP_SYS_RESOURCE, so one that is higher already stays.
  if (unit.is_tenant())
    context.oom_score_adj = std::max(kTenantOomScore, own_oom_score_);
  GroupEntry entry = groups_.entry(unit);
  context.cgroup = entry.v2.borrow();
  for (const os::UniqueFd& group : entry.entered)
    context.more_cgroups.push_back(group.borrow());
  return entry;
}

bool Resources::may_disable_huge_pages() {
  const auto possible = os::can_disable_huge_pages();
  if (!possible)
    shortfalls_.say("[memory] huge_pages", kWithout, possible.error().message);
  return possible.has_value();
}

bool Resources::may_merge() {
  if (const auto possible = os::can_merge_pages(); !possible) {
    shortfalls_.say("[memory] merge", kWithout, "it takes Linux 6.4: " + possible.error().message);
    return false;
  }
  // Whoever runs the machine may switch it on later.
  if (!os::merges_pages())
    shortfalls_.say("[memory] merge", "merges nothing for now",
                    "ksmd does not run, /sys/kernel/mm/ksm/run is not 1");
  return true;
}

std::string Resources::exit_words(const UnitRuntime& unit, const os::ExitStatus& status) {
  const bool by_others = status.how == os::ExitStatus::How::signaled && status.value == SIGKILL &&
                         !unit.life.stop_sent;
  if (!by_others)
    return status.str();
  if (!unit.life.killed_for.empty())
    return unit.life.killed_for;
  const auto why = groups_.why_killed(unit);
  return why ? "killed by the kernel: " + *why : status.str();
}

}  // namespace berth
