// The environment of a unit's processes, as far as PID 1 knows it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "init/identity.h"
#include "units/unit.h"

namespace berth {

struct UnitEnvironment {
  std::map<std::string, std::string> variables;  ///< what env_file and secrets may replace
  std::map<std::string, std::string> fixed;      ///< berth's own; wins over everything

  const std::string* find(const std::string& name) const;
  /// "NAME=value" of both, the fixed ones last; each name once.
  std::vector<std::string> lines() const;
  /// Those of `names` that are not set.
  std::vector<std::string> missing(const std::vector<std::string>& names) const;
};

/// own: berth's environment, of which the unit inherits what it says; null = nothing. user: whom
/// the process runs as, if that is said. fixed: PORT, INVOCATION_ID …
UnitEnvironment build_environment(const ProcessSpec& process,
                                  const std::map<std::string, std::string>* own,
                                  const Identity* user, std::map<std::string, std::string> fixed);

}  // namespace berth
