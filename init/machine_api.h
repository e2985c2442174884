// MachineApi: the end of this machine, or its sleep, is asked of fly.io's machines API. A helper
// does the asking; PID 1 waits for nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "init/helper_run.h"
#include "init/launcher.h"
#include "units/proxy_spec.h"

namespace berth {

/// What berth's environment says of this machine, by variable; an error where it says nothing, or
/// nothing that could be a name: "FLY_APP_NAME is not set".
Result<std::string> fly_name(const Settings& settings, const std::string& variable);
inline constexpr const char* kFlyApp = "FLY_APP_NAME";
inline constexpr const char* kFlyMachine = "FLY_MACHINE_ID";

class MachineApi {
 public:
  /// An error says that it was refused, or never asked. Otherwise it was asked, and the machine may
  /// end, or fall asleep, at any moment.
  using Done = std::function<void(Result<void> asked)>;

  MachineApi(os::EventLoop& loop, Reaper& reaper, const Launcher& launcher,
             const Settings& settings)
      : loop_(loop), reaper_(reaper), launcher_(launcher), settings_(settings) {}

  /// Why it cannot be asked here: "FLY_APP_NAME is not set"; empty = it can.
  std::string lack() const;
  /// Asks for what `spec` says. `done` is called once, from the loop or at once. A question that is
  /// under way is forgotten. REQUIRES: lack() is empty, the action is stop or suspend.
  void ask(const MachineIdleSpec& spec, Done done);

 private:
  Result<HelperRun::Started> start(const MachineIdleSpec& spec) const;

  os::EventLoop& loop_;
  Reaper& reaper_;
  const Launcher& launcher_;
  const Settings& settings_;
  std::unique_ptr<HelperRun> run_;
};

}  // namespace berth
