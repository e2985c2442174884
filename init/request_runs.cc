// Starting, answering, ending.
#include "init/request_runs.h"

#include <algorithm>
#include <utility>

#include "init/os/stream.h"
#include "units/cgi.h"

namespace berth {
namespace {

using control::RunPhase;

/// What a program is ended by shows as 128 + the signal.
constexpr int kBySignal = 128;

/// Unsent, the latest about a run counts; a proxy has one run of a job. No unit is called so.
std::string key_of(const std::string& job) {
  return "run of " + job;
}
std::string key_of_refusal(const std::string& job) {
  return "no run of " + job;
}

bool are_pipes(const std::vector<os::UniqueFd>& fds) {
  return fds.size() == 2 && std::all_of(fds.begin(), fds.end(), [](const os::UniqueFd& fd) {
           return os::is_pipe(fd.borrow());
         });
}

RunPhase phase_of(const UnitRuntime& job) {
  if (job.state == UnitState::exited)
    return RunPhase::done;
  const bool by_itself = job.state == UnitState::failed && !job.life.stop_sent &&
                         job.life.exit_code.value_or(0) < kBySignal;
  return by_itself ? RunPhase::failed : RunPhase::broken;
}

}  // namespace

bool RequestRuns::run(const std::string& proxy, control::RunJob& message,
                      std::vector<os::UniqueFd>& pipes) {
  if (!are_pipes(pipes) || !cgi::are_sound(message.variables))
    return false;
  const bool is_named = links_.names_job(proxy, message.job);
  // It may speak of a table that was in force until just now.
  if (!is_named && links_.has_latest_table(proxy))
    return false;
  const RunPhase phase = is_named ? start(proxy, message, pipes) : RunPhase::refused;
  links_.send(proxy,
              phase == RunPhase::accepted ? key_of(message.job) : key_of_refusal(message.job),
              control::RunState{message.id, phase});
  return true;
}

RunPhase RequestRuns::start(const std::string& proxy, control::RunJob& message,
                            std::vector<os::UniqueFd>& pipes) {
  UnitRuntime* job = table_.find(message.job);
  if (job == nullptr || job->removed || !job->is_job())
    return RunPhase::refused;
  if (job->is_alive_or_wanted() || job->job().request)
    return RunPhase::busy;
  job->forget_failures();
  job->job().cause = JobTrigger::request;
  job->job().request = std::make_unique<RunRequest>(RunRequest{
      proxy, message.id, std::move(pipes[0]), std::move(pipes[1]), std::move(message.variables)});
  if (!requests_.want_up(*job)) {
    job->job().request.reset();
    return RunPhase::refused;
  }
  running_.push_back(job->name());
  return RunPhase::accepted;
}

std::vector<UnitRuntime*> RequestRuns::jobs_of(const std::string& proxy) const {
  std::vector<UnitRuntime*> jobs;
  for (const std::string& name : running_) {
    UnitRuntime* job = table_.find(name);
    if (job != nullptr && job->job().request && job->job().request->proxy == proxy)
      jobs.push_back(job);
  }
  return jobs;
}

void RequestRuns::stop(UnitRuntime& job) {
  requests_.want_down(job, "whoever has started it by a request has left");
  if (job.job().request && is_at_rest(job.state))
    end(job, RunPhase::broken);  // it had not begun
}

void RequestRuns::stop_run(const std::string& proxy, std::uint32_t id) {
  for (UnitRuntime* job : jobs_of(proxy))
    if (job->job().request->id == id)
      stop(*job);
}

void RequestRuns::proxy_gone(const std::string& proxy) {
  for (UnitRuntime* job : jobs_of(proxy))
    stop(*job);
}

void RequestRuns::on_state(UnitRuntime& job) {
  if (job.job_data() == nullptr || !job.job_data()->request || !is_at_rest(job.state))
    return;
  end(job, phase_of(job));
}

void RequestRuns::end(UnitRuntime& job, RunPhase phase) {
  const std::unique_ptr<RunRequest> request = std::move(job.job().request);
  std::erase(running_, job.name());
  links_.send(request->proxy, key_of(job.name()), control::RunState{request->id, phase});
}

}  // namespace berth
