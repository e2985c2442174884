// Resources: what a unit gets of the machine: its cgroups, and the switches of its memory. What the
// machine does not have is said once, and left out.
#pragma once

#include <string>

#include "init/cgroups.h"
#include "init/exec_image.h"
#include "init/os/memory_switches.h"
#include "init/os/process.h"
#include "init/shortfalls.h"

namespace berth {

class Resources {
 public:
  /// cgroup_name: see Cgroups.
  Resources(os::EventLoop& loop, CgroupLayout layout, std::string cgroup_name)
      : groups_(loop, std::move(layout), std::move(cgroup_name), shortfalls_),
        own_oom_score_(os::own_oom_score_adj()) {}

  Cgroups& groups() { return groups_; }
  const Cgroups& groups() const { return groups_; }

  /// Adds to the context of one process of the unit what [memory] says of it, and makes a tenant
  /// the first to go when memory runs out. The result is to be kept until the process is spawned.
  GroupEntry equip(const UnitRuntime& unit, ExecContext& context);
  /// How the main process has ended, in words, and if memory was the reason, that.
  std::string exit_words(const UnitRuntime& unit, const os::ExitStatus& status);

 private:
  bool may_disable_huge_pages();
  bool may_merge();

  Shortfalls shortfalls_;
  Cgroups groups_;
  int own_oom_score_;  ///< berth's oom_score_adj
};

}  // namespace berth
