// The question, as https://fly.io/docs/reference/suspend-resume has it.
#include "init/machine_api.h"

#include <algorithm>

#include "init/os/pipe.h"

namespace berth {
namespace {

constexpr const char* kApp = "FLY_APP_NAME";
constexpr const char* kMachine = "FLY_MACHINE_ID";

/// Whether it can stand in the path of a URL as it is.
bool is_plain(const std::string& name) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !name.empty() && name.find_first_not_of(kPlain) == std::string::npos;
}

}  // namespace

std::string MachineApi::lack() const {
  for (const char* name : {kApp, kMachine}) {
    const auto found = settings_.environment.find(name);
    if (found == settings_.environment.end() || found->second.empty())
      return std::string(name) + " is not set";
    if (!is_plain(found->second))
      return std::string(name) + " is no name: \"" + found->second + "\"";
  }
  return "";
}

Result<HelperRun::Started> MachineApi::start(const MachineIdleSpec& spec) const {
  os::Pipe errors = BERTH_TRY(os::make_pipe());
  Command command;
  command.argv =
      launcher_.helper_argv({"machine-api", spec.api,
                             "/v1/apps/" + settings_.environment.at(kApp) + "/machines/" +
                                 settings_.environment.at(kMachine) +
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
