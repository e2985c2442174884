// What is under way.
#include "proxy/runs.h"

#include <algorithm>
#include <utility>

namespace berth::proxy {

bool Runs::is_busy(const std::string& job) const {
  return std::any_of(runs_.begin(), runs_.end(),
                     [&](const auto& each) { return each.second.job == job; });
}

std::uint32_t Runs::begin(const std::string& job, cgi::Variables variables,
                          std::vector<os::UniqueFd> pipes, RunUser& user) {
  const std::uint32_t id = ++last_;
  runs_[id] = {job, &user};
  control_.send_run({id, job, std::move(variables)}, std::move(pipes));
  return id;
}

void Runs::leave(std::uint32_t id) {
  const auto run = runs_.find(id);
  if (run == runs_.end())
    return;
  run->second.user = nullptr;
  control_.send_stop({id});
}

void Runs::on_message(const control::RunState& message) {
  const auto run = runs_.find(message.id);
  if (run == runs_.end())
    return;
  RunUser* user = run->second.user;
  if (message.phase != control::RunPhase::accepted)
    runs_.erase(run);
  if (user != nullptr)
    user->on_run(message.phase);
}

}  // namespace berth::proxy
