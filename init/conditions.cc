// The conditions of a start.
#include "init/conditions.h"

namespace berth {
namespace {

constexpr Milliseconds kLookLimit{10'000};
/// What the helper `path-is` answers by its exit status when the path is not as asked.
constexpr os::ExitStatus kNo{os::ExitStatus::How::exited, 1};

}  // namespace

std::optional<std::string> unmet_by_environment(
    const StartCondition& condition, const std::map<std::string, std::string>& environment) {
  for (const auto& [name, wanted] : condition.env) {
    const auto found = environment.find(name);
    const bool is_set = found != environment.end() && (wanted || !found->second.empty());
    if (!is_set)
      return name + " is not set";
    if (wanted && found->second != *wanted)
      return name + " is not \"" + *wanted + "\"";
  }
  return std::nullopt;
}

void Conditions::check(UnitRuntime& unit, Done done) {
  const StartCondition& condition = unit.unit.info.condition;
  if (auto unmet = unmet_by_environment(condition, settings_.environment))
    return skip(unit, *std::move(unmet));
  if (condition.path_exists.empty() && condition.path_missing.empty())
    return done(std::nullopt);
  look(unit, std::move(done));
}

void Conditions::look(UnitRuntime& unit, Done done) {
  const StartCondition condition = unit.unit.info.condition;
  std::vector<Command> questions;
  std::vector<std::string> answers;
  const auto ask = [&](const char* how, const std::vector<std::string>& paths,
                       const char* otherwise) {
    for (const std::string& path : paths) {
      Command question;
      question.argv = launcher_.helper_argv({"path-is", how, path});
      questions.push_back(std::move(question));
      answers.push_back(path + otherwise);
    }
  };
  ask("there", condition.path_exists, " is not there");
  ask("missing", condition.path_missing, " is there");
  unit.life.aux = std::make_unique<AuxCommands>(
      loop_, reaper_,
      [this, &unit](const Command& command) { return launcher_.spawn_helper(unit, command, {}); },
      "condition", std::move(questions), kLookLimit,
      [this, &unit, answers = std::move(answers),
       done = std::move(done)](std::optional<std::string> failure) {
        const auto finished = std::move(unit.life.aux);  // dies after the callback that it is in
        if (unit.life.stop_requested)
          return;  // its stop is posted already, and ends the preparations
        if (failure && finished->last_status() == kNo)
          return skip(unit, answers[finished->begun() - 1]);
        done(std::move(failure));
      });
  unit.life.aux->start();
}

void Conditions::skip(UnitRuntime& unit, std::string reason) {
  unit.reason = std::move(reason);
  table_.post(unit, UnitEvent::skip);
}

}  // namespace berth
