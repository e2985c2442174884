// Which cgroups this berth may use: found out by looking, without making any.
#pragma once

#include <functional>
#include <string>

#include "init/os/cgroup_fs.h"
#include "units/values.h"

namespace berth {

/// What is looked at.
struct CgroupView {
  std::string mounts;  ///< /proc/self/mountinfo
  std::string self;    ///< /proc/self/cgroup
  std::function<os::CgroupKind(const std::string& path)> kind = os::cgroup_kind;
};
/// Of this process.
CgroupView own_cgroup_view();

/// Each is berth's own group, below which it may make groups for units; empty = cannot be used.
struct CgroupLayout {
  std::string v2;          ///< also without controllers: who belongs to a unit, and kills it
  bool v2_memory = false;  ///< the controllers that the groups of v2 can have
  bool v2_pids = false;
  bool v2_cpu = false;
  std::string v1_memory, v1_pids, v1_cpu;
  /// Berth's own group with the memory controller, which may be read if not written: there the
  /// kernel counts whom it killed. "" = cannot be seen.
  std::string own_memory;
  bool own_memory_is_v2 = false;
  /// Why no group can be used for memory, pids and cpu; "" where one can.
  std::string why_no_memory, why_no_pids, why_no_cpu;

  bool has_memory() const { return v2_memory || !v1_memory.empty(); }
  bool has_pids() const { return v2_pids || !v1_pids.empty(); }
  bool has_cpu() const { return v2_cpu || !v1_cpu.empty(); }
};

/// Version 2 before version 1. A group counts if the file system is of its kind (statfs), its
/// controller files are there, and access(2) lets us write: mkdir would also work in a tmpfs.
CgroupLayout find_cgroups(const CgroupView& view);

/// What the container may use: the least limit of berth's own group and those above it, and of what
/// the machine has. 0 = unknown.
Bytes container_memory(const CgroupLayout& layout);

}  // namespace berth
