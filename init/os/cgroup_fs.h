// The cgroup file systems: which kind a folder is of, its groups and their files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

enum class CgroupKind : std::uint8_t { none, v1, v2 };
/// By the magic number of the file system (statfs(2)): a container may have a plain tmpfs at
/// /sys/fs/cgroup, where mkdir works and means nothing.
CgroupKind cgroup_kind(const std::string& path);

/// Whether groups can be made in a group, and processes moved out of it.
bool may_change_group(const std::string& path);

/// Makes a group; true if it is new, false if it was there.
Result<bool> make_group(const std::string& path);
/// Removes a group and the groups below it. `busy` (errno EBUSY) while one has processes.
Result<void> remove_group(const std::string& path);
/// The groups right below, by name; empty if there is no such group.
std::vector<std::string> groups_below(const std::string& path);

/// Writes to a file of a group, such as "64" to .../pids.max.
Result<void> write_group_file(const std::string& path, std::string_view text);
/// The text of a file of a group; nullopt if it cannot be read.
std::optional<std::string> read_group_file(const std::string& path);
/// A file that holds one number; nullopt for "max", too.
std::optional<std::uint64_t> read_group_number(const std::string& path);
/// A file of lines "NAME NUMBER", such as memory.stat.
std::map<std::string, std::uint64_t> read_group_table(const std::string& path);
/// The processes in a group and in those below it, as this PID namespace numbers them; those that
/// it cannot see are left out.
std::vector<pid_t> group_members(const std::string& path);

/// A descriptor for spawn(); closed if the group is not there.
UniqueFd open_group(const std::string& path);

}  // namespace berth::os
