// Provisions: what a life of a unit needs from files before its first process: directories,
// variables of env_file and secrets, credentials. A helper reads and makes them; PID 1 only hands
// descriptors and names around.
#pragma once

#include <functional>

#include "init/helper_run.h"
#include "init/launcher.h"
#include "init/unit_runtime.h"

namespace berth {

class Provisions {
 public:
  /// Removes the credentials that an earlier berth left in the run dir.
  Provisions(os::EventLoop& loop, Reaper& reaper, LogHub& logs, const Launcher& launcher,
             const Settings& settings);

  /// nullopt, or why the life cannot begin; from the loop, or at once where nothing is needed.
  /// Afterwards `unit.life.environment_file` holds the variables.
  using Done = std::function<void(std::optional<std::string> failure)>;
  void provide(UnitRuntime& unit, Done done);
  /// At the end of the life: no credential and no variable is kept.
  void withdraw(UnitRuntime& unit) const;

  /// RUN_DIR/credentials/NAME.
  static std::string credentials_folder(const Settings& settings, const UnitRuntime& unit);

 private:
  Result<std::vector<std::string>> words_for(const UnitRuntime& unit) const;
  Result<HelperRun::Started> start_helper(UnitRuntime& unit, std::vector<std::string> words) const;

  os::EventLoop& loop_;
  Reaper& reaper_;
  LogHub& logs_;
  const Launcher& launcher_;
  const Settings& settings_;
};

}  // namespace berth
