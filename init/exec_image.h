// From a unit's definition to the image of one of its processes: ids, limits, program looked up.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "init/identity.h"
#include "init/os/process.h"
#include "units/unit.h"

namespace berth {

/// What the manager knows and the definition does not.
struct ExecContext {
  const std::map<std::string, std::string>* own_environment =
      nullptr;  ///< berth's, REQUIRES: not null
  std::map<std::string, std::string>
      extra;  ///< PORT, INVOCATION_ID, BERTH_UNITS_DIR …; wins over everything
  std::vector<os::BorrowedFd> listen_fds;  ///< passed as LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID
  std::vector<std::string> listen_names;   ///< as many
  std::vector<os::BorrowedFd> other_fds;   ///< passed after them, without a variable
  os::BorrowedFd standard_input;           ///< closed = /dev/null
  os::BorrowedFd standard_output, standard_error;
  bool watchdog_pid = false;  ///< adds WATCHDOG_PID
  std::optional<gid_t> unit_gid;
  FoundNames names;                 ///< users and groups that are in no file
  os::BorrowedFd environment_file;  ///< what env_file and secrets hold; closed = nothing
  CapabilitySet capabilities = ~CapabilitySet{0};  ///< what berth has and can leave to a unit
  rlimit original_nofile{};                        ///< what berth had before it raised its own
  bool is_root = true;                             ///< berth may change ids
  os::BorrowedFd cgroup;                           ///< of version 2; closed = berth's own
  std::vector<os::BorrowedFd> more_cgroups;        ///< entered by writing
  bool no_huge_pages = false;
  std::optional<int> oom_score_adj;  ///< where the unit says nothing
  bool merge_pages = false;
  bool helper = false;  ///< one of berth's own programs: no inherited environment
};

/// The image of `command` as a process of `unit`. Fails, naming the key and the reason, where the
/// user, the group, the program or the allocator cannot be had; `command.user` wins over [process]
/// user. Users and groups come from /etc/passwd and /etc/group or from `context.names`, or are
/// numbers.
Result<os::ExecImage> build_exec_image(const Unit& unit, const Command& command,
                                       const ExecContext& context);

}  // namespace berth
