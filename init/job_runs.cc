// The steps of a job.
#include "init/job_runs.h"

#include <utility>

#include "init/os/errno_error.h"

namespace berth {
namespace {

/// "exit status 1" of a job with one step, `step "load all": exit status 1` of one with more.
std::string named(const UnitRuntime& unit, std::size_t index, const std::string& text) {
  const auto& steps = unit.unit.job->steps;
  if (steps.size() == 1)
    return text;
  std::string words;
  for (const std::string& word : steps[index].argv)
    words += (words.empty() ? "" : " ") + word;
  return "step \"" + words + "\": " + text;
}

}  // namespace

ExitFacts JobRuns::facts_of(const UnitRuntime& unit) const {
  ExitFacts facts;
  facts.stop_sent = unit.life.stop_sent;
  facts.wanted_up = !unit.life.stop_requested;
  facts.gave_up_waiting = unit.life.gave_up_waiting;
  return facts;
}

void JobRuns::begin(UnitRuntime& unit) {
  unit.life.run = std::make_unique<JobRun>();
  loop_.cancel(unit.deadline);
  unit.deadline = loop_.after(unit.unit.job->timeout, [this, &unit] {
    unit.deadline = os::kNoTimer;
    on_time_over(unit);
  });
  start_steps(unit);
  if (unit.life.run->running.empty())
    finish(unit);
}

void JobRuns::on_time_over(UnitRuntime& unit) {
  if (unit.life.run->failing)
    return;  // its stop is posted already
  ExitFacts facts = facts_of(unit);
  facts.gave_up_waiting = true;
  fail(unit, "not done within " + format_duration(unit.unit.job->timeout), facts);
  table_.post(unit, UnitEvent::timeout);
}

void JobRuns::start_steps(UnitRuntime& unit) {
  JobRun& run = *unit.life.run;
  const auto& steps = unit.unit.job->steps;
  while (run.next < steps.size()) {
    const std::size_t index = run.next++;
    if (!start_step(unit, index) || !steps[index].background)
      return;
  }
}

bool JobRuns::start_step(UnitRuntime& unit, std::size_t index) {
  const Command& command = unit.unit.job->steps[index];
  auto spawned = launcher_.spawn_step(unit, command);
  if (!spawned) {
    ExitFacts facts = facts_of(unit);
    facts.value = 1;
    facts.never_started = !os::is_passing(spawned.error().os_errno);
    if (spawned.error().code == ErrorCode::not_found)
      unit.life.exit_code = os::kNoSuchProgram;
    fail(unit, named(unit, index, spawned.error().message), facts);
    stop_the_rest(unit);
    return false;
  }
  auto step = std::make_unique<JobStep>();
  step->index = index;
  step->pid = spawned->pid;
  step->pidfd = std::move(spawned->pidfd);
  step->report = std::move(spawned->report);
  step->program = unit.life.program;
  reaper_.expect(step->pid, [this, &unit, pid = step->pid](const os::ExitStatus& status) {
    on_exit(unit, pid, status);
  });
  watch_report(unit, *step);
  if (command.timeout.count() > 0) {
    step->limit = loop_.after(command.timeout, [this, &unit, index, limit = command.timeout] {
      if (unit.life.run->failing)
        return;
      ExitFacts facts = facts_of(unit);
      facts.gave_up_waiting = true;
      fail(unit, named(unit, index, "not done within " + format_duration(limit)), facts);
      stop_the_rest(unit);
    });
  }
  if (!command.background)
    unit.life.main_pid = step->pid;
  unit.life.run->running.push_back(std::move(step));
  return true;
}

void JobRuns::watch_report(UnitRuntime& unit, JobStep& step) {
  step.report_handler = std::make_unique<os::FunctionHandler>([this, &unit, &step](os::Events) {
    // A failure is left for on_exit(): the child ends right after it.
    if (read_report(unit, step) && !step.exec_failure)
      on_executed(unit);
  });
  loop_.watch(step.report.borrow(), true, false, *step.report_handler);
}

bool JobRuns::read_report(UnitRuntime& unit, JobStep& step) {
  std::vector<os::ChildFailure> refused;
  const auto state = os::read_report(step.report.borrow(), step.exec_failure, &refused);
  launcher_.warn_of(unit, refused);
  if (state == os::ReportState::pending)
    return false;
  loop_.unwatch(step.report.borrow());
  step.report.reset();
  return true;
}

void JobRuns::on_executed(UnitRuntime& unit) {
  if (!std::exchange(unit.life.main_ran, true))
    table_.post(unit, UnitEvent::ready);
}

void JobRuns::on_exit(UnitRuntime& unit, pid_t pid, const os::ExitStatus& status) {
  JobRun& run = *unit.life.run;
  logs_.drain(unit.name());
  const auto found = std::find_if(run.running.begin(), run.running.end(),
                                  [pid](const auto& step) { return step->pid == pid; });
  const std::unique_ptr<JobStep> step = std::move(*found);
  run.running.erase(found);
  loop_.cancel(step->limit);
  if (step->report.is_open() && read_report(unit, *step) && !step->exec_failure)
    unit.life.main_ran = true;
  if (unit.life.main_pid == pid)
    unit.life.main_pid = 0;

  ExitFacts facts = facts_of(unit);
  facts.by_signal = status.how == os::ExitStatus::How::signaled;
  facts.value = status.value;
  const std::string how = resources_.exit_words(unit, status);
  if (!run.failing) {
    unit.last_exit = how;
    unit.life.exit_code =
        step->exec_failure ? step->exec_failure->shell_code() : status.shell_code();
    run.facts = facts;
  }
  if (step->exec_failure) {
    facts.never_started = !os::is_passing(step->exec_failure->os_errno);
    fail(unit,
         named(unit, step->index, Launcher::describe(unit, step->program, *step->exec_failure)),
         facts);
    stop_the_rest(unit);
  } else if (!is_success(unit.unit.service, facts)) {
    fail(unit, named(unit, step->index, how), facts);
    stop_the_rest(unit);
  } else if (!run.failing && !unit.life.stop_sent &&
             !unit.unit.job->steps[step->index].background) {
    start_steps(unit);
  }
  if (run.running.empty())
    finish(unit);
}

void JobRuns::fail(UnitRuntime& unit, std::string reason, const ExitFacts& facts) {
  // What ends because it was told to is not why the run has failed.
  if (unit.life.run->failing || unit.life.stop_sent)
    return;
  unit.life.run->failing = true;
  unit.life.run->facts = facts;
  unit.reason = std::move(reason);
}

void JobRuns::stop_the_rest(UnitRuntime& unit) {
  if (!unit.life.run->running.empty() && !unit.life.stop_sent)
    table_.post(unit, UnitEvent::unhealthy);
}

void JobRuns::finish(UnitRuntime& unit) {
  ExitFacts facts = unit.life.run->facts;
  facts.wanted_up = !unit.life.stop_requested;
  reload_after(unit, facts);
  unit.life.verdict =
      classify_exit(unit.unit, facts, unit.history,
                    std::chrono::duration_cast<Milliseconds>(loop_.now().time_since_epoch()));
  const bool bad = unit.life.verdict == Verdict::failed || unit.life.verdict == Verdict::retry;
  if (bad && unit.reason.empty())
    unit.reason = unit.last_exit;
  table_.post(unit, exit_event(unit.life.verdict));
}

void JobRuns::reload_after(UnitRuntime& unit, ExitFacts& facts) {
  if (!facts.wanted_up || facts.gave_up_waiting || unit.life.run->failing ||
      !is_success(unit.unit.service, facts))
    return;
  const bool before = std::exchange(unit.job_succeeded, true);
  if (!unit.unit.job->reload)
    return;
  const auto reloaded = reload_(unit);
  if (reloaded)
    return;
  unit.job_succeeded = before;
  unit.reason = "its command succeeded, but the unit files that it wrote were not applied: " +
                reloaded.error().message;
  facts.gave_up_waiting = true;
}

}  // namespace berth
