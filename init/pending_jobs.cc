// When a start, stop or restart is over.
#include "init/pending_jobs.h"

#include <optional>

namespace berth {
namespace {

using control::JobResult;

struct Outcome {
  JobResult result;
  std::vector<std::string> lines;
};

Outcome failed(const UnitRuntime& unit) {
  return {JobResult::failed, {unit.name() + ": " + unit.reason}};
}

std::optional<Outcome> outcome_of_start(const UnitRuntime& unit, bool in_new_life) {
  switch (unit.state) {
    case UnitState::running:
      if (!in_new_life && unit.hands_over(Handover::Phase::under_way))
        return std::nullopt;
      if (!in_new_life && unit.hands_over(Handover::Phase::failed))
        return failed(unit);
      // A restart that a stop and a start after it have overtaken.
      if (!in_new_life && unit.wanted_up && !unit.stop_pending && !unit.life.stop_requested)
        return Outcome{JobResult::canceled, {unit.name() + ": started again"}};
      if (unit.is_job() || !in_new_life)
        return std::nullopt;
      return Outcome{JobResult::done, {}};
    case UnitState::exited:
      return in_new_life ? std::optional(Outcome{JobResult::done, {}}) : std::nullopt;
    case UnitState::skipped:
      return Outcome{JobResult::skipped, {unit.name() + ": " + unit.reason}};
    case UnitState::backoff: {
      if (unit.is_job())
        return std::nullopt;  // it is tried again, so there is no result yet
      Outcome outcome = failed(unit);
      outcome.lines.push_back(unit.name() + ": berth goes on trying");
      return outcome;
    }
    case UnitState::failed:
      return unit.wanted_up ? std::nullopt : std::optional(failed(unit));
    case UnitState::inactive:
      return unit.wanted_up
                 ? std::nullopt
                 : std::optional(Outcome{JobResult::canceled, {unit.name() + ": stopped"}});
    default:
      return std::nullopt;
  }
}

std::optional<Outcome> outcome_of_stop(const UnitRuntime& unit) {
  if (is_at_rest(unit.state))
    return Outcome{JobResult::done, {}};
  // Somebody wanted it up again before its turn to stop had come.
  if (unit.wanted_up && !unit.stop_pending && !unit.life.stop_requested)
    return Outcome{JobResult::canceled, {unit.name() + ": started again"}};
  return std::nullopt;
}

}  // namespace

void PendingJobs::add(const UnitRuntime& unit, Goal goal, Done done) {
  jobs_.push_back(Job{unit.name(), goal, unit.life.epoch, std::move(done)});
}

void PendingJobs::add_next_run(const UnitRuntime& unit, Done done) {
  jobs_.push_back(Job{unit.name(), Goal::up, unit.life.epoch, std::move(done), true});
}

void PendingJobs::on_state(const UnitRuntime& unit) {
  for (std::size_t i = 0; i < jobs_.size();) {
    Job& job = jobs_[i];
    std::optional<Outcome> outcome;
    const bool is_its = job.unit == unit.name();
    if (is_its && job.after_this_run) {
      const bool next_follows = unit.job_data() != nullptr && unit.job_data()->again;
      job.after_this_run = !is_at_rest(unit.state);
      if (next_follows || job.after_this_run) {
        ++i;
        continue;
      }
    }
    if (is_its) {
      const bool in_new_life = job.goal == Goal::up || unit.life.epoch != job.epoch;
      outcome =
          job.goal == Goal::down ? outcome_of_stop(unit) : outcome_of_start(unit, in_new_life);
    }
    if (!outcome) {
      ++i;
      continue;
    }
    const Done done = std::move(job.done);
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
    done(outcome->result, std::move(outcome->lines));
  }
}

}  // namespace berth
