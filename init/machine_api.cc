// The question, as https://fly.io/docs/reference/suspend-resume has it.
#include "init/machine_api.h"

#include "init/os/pipe.h"
#include "units/scan.h"

namespace berth {

Result<std::string> fly_name(const Settings& settings, const std::string& variable) {
  const auto found = settings.environment.find(variable);
  if (found == settings.environment.end() || found->second.empty())
    return Error{ErrorCode::not_found, variable + " is not set"};
  if (!scan::is_plain(found->second))
    return Error{ErrorCode::invalid, variable + " is no name: \"" + found->second + "\""};
  return found->second;
}

std::string MachineApi::lack() const {
  for (const char* variable : {kFlyApp, kFlyMachine})
    if (const auto name = fly_name(settings_, variable); !name)
      return name.error().message;
  return "";
}

Result<HelperRun::Started> MachineApi::start(const MachineIdleSpec& spec) const {
  const std::string app = BERTH_TRY(fly_name(settings_, kFlyApp));
  const std::string machine = BERTH_TRY(fly_name(settings_, kFlyMachine));
  os::Pipe errors = BERTH_TRY(os::make_pipe());
  Command command;
  command.argv =
      launcher_.helper_argv({"machine-api", spec.api,
                             "/v1/apps/" + app + "/machines/" + machine +
                                 (spec.action == IdleAction::suspend ? "/suspend" : "/stop")});
  HelperRun::Started started;
  started.helper = BERTH_TRY(
      launcher_.spawn_probe("", {}, command, errors.write_end.borrow(), errors.write_end.borrow()));
  started.messages = std::move(errors.read_end);
  return started;
}

void MachineApi::ask(const MachineIdleSpec& spec, Done done) {
  run_.reset();
  auto started = start(spec);
  if (!started)
    return done(started.error());
  run_ =
      std::make_unique<HelperRun>(loop_, reaper_, *std::move(started),
                                  [this, done = std::move(done)](const Result<std::string>& said) {
                                    const auto finished = std::move(run_);
                                    // Not answered in time: who knows whether it was heard.
                                    if (said || said.error().code == ErrorCode::timed_out)
                                      return done({});
                                    done(said.error());
                                  });
}

}  // namespace berth
