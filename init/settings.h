// Settings: what berth found out about its place at start; never changes afterwards.
#pragma once

#include <map>
#include <string>

#include <sys/resource.h>

#include "init/sweep.h"
#include "init/unit_files.h"
#include "units/capabilities.h"

namespace berth {

struct Settings {
  UnitFolders folders;
  std::map<std::string, std::string> environment;  ///< berth's own
  std::string programs;                            ///< the folder that berth itself lies in
  std::string helper_program;                      ///< what `--helper` is asked of: berth itself
  rlimit original_nofile{};                        ///< before berth raised its own soft limit
  bool has_run_dir = true;  ///< it could be made and claimed; without one, units have no run_dir
  bool is_root = false;
  CapabilitySet capabilities = ~CapabilitySet{0};  ///< what berth was granted
  bool is_pid1 = false;
  bool ends_machine = false;          ///< it is the first process of a kernel
  std::optional<UnitGids> unit_gids;  ///< if units can be marked by a supplementary group
  unsigned cpus = 1;
  pid_t log_writer = 0;  ///< the process that writes berth's output for it; 0 = none

  const std::string& run_dir() const { return folders.run_dir; }
  /// The path of one of berth's own programs: beside berth (a build tree), else in ../lib/berth
  /// (installed).
  std::string program(const std::string& name) const;
};

}  // namespace berth
