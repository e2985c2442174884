// Conditions: whether [unit.condition] holds, asked at each start of a unit, before anything of it
// is made.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "init/launcher.h"
#include "init/reaper.h"
#include "init/settings.h"
#include "init/unit_table.h"

namespace berth {

class Conditions {
 public:
  /// failure: why it could not be found out; nullopt = they hold.
  using Done = std::function<void(std::optional<std::string> failure)>;

  Conditions(os::EventLoop& loop, UnitTable& table, Reaper& reaper, Launcher& launcher,
             const Settings& settings)
      : loop_(loop), table_(table), reaper_(reaper), launcher_(launcher), settings_(settings) {}

  /// Calls `done`, at once where no path is asked for; or posts `skip`, with the reason in the
  /// unit. A helper looks at the paths, since a file system may hang. It runs as unit.life.aux:
  /// whoever ends that is told no more.
  void check(UnitRuntime& unit, Done done);

 private:
  void look(UnitRuntime& unit, Done done);
  void skip(UnitRuntime& unit, std::string reason);

  os::EventLoop& loop_;
  UnitTable& table_;
  Reaper& reaper_;
  Launcher& launcher_;
  const Settings& settings_;
};

/// Which part of `condition` the environment does not meet, in words; nullopt = none.
std::optional<std::string> unmet_by_environment(
    const StartCondition& condition, const std::map<std::string, std::string>& environment);

}  // namespace berth
