// The last runs of jobs.
#include "init/job_history.h"

#include <algorithm>

namespace berth {
namespace {

/// What is kept of one line; a character that is cut in two is mended by whoever shows it.
constexpr std::size_t kLongestLine = 512;

std::size_t size_of(const JobRunStatus& run) {
  std::size_t size = 0;
  for (const std::string& line : run.lines)
    size += line.size() + 1;
  return size;
}

std::uint64_t lines_said(const LogTail& tail) {
  return tail.dropped + tail.lines.size();
}

std::string result_of(const UnitRuntime& unit) {
  switch (unit.state) {
    case UnitState::exited:
      return "succeeded";
    case UnitState::skipped:
      return "skipped";
    case UnitState::inactive:
      return "stopped";
    default:
      return unit.reason;
  }
}

}  // namespace

void JobHistory::on_state(UnitRuntime& unit) {
  const bool is_over = is_at_rest(unit.state) || unit.state == UnitState::backoff;
  if (unit.state == UnitState::waiting || unit.state == UnitState::preparing)
    begin(unit);
  else if (is_over && unit.job().run)
    end(unit);
}

void JobHistory::begin(UnitRuntime& unit) {
  JobRuntime& job = unit.job();
  if (!job.run) {
    job.lines_before = lines_said(logs_.tail(unit.name()));
    job.run.emplace();
    job.run->trigger = job.cause;
    job.cause = JobTrigger::dependency;
  }
  // A run that has waited for others begins when its turn comes.
  job.run->started_ms = loop_.clock().wall_ms();
  job.run_began = loop_.now();
}

void JobHistory::end(UnitRuntime& unit) {
  JobRuntime& job = unit.job();
  JobRunStatus run = *std::move(job.run);
  job.run.reset();
  if (unit.state == UnitState::backoff)
    job.cause = JobTrigger::retry;
  run.duration_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<Milliseconds>(loop_.now() - job.run_began).count());
  run.succeeded = unit.state == UnitState::exited;
  run.result = result_of(unit);
  run.lines = lines_of_run(unit);
  bytes_ += size_of(run);
  if (job.runs.size() == kKeptRuns) {
    bytes_ -= std::min(bytes_, size_of(job.runs.front()));
    job.runs.pop_front();
  }
  job.runs.push_back(std::move(run));
  bound_lines();
}

std::vector<std::string> JobHistory::lines_of_run(const UnitRuntime& unit) const {
  LogTail tail = logs_.tail(unit.name());
  const std::uint64_t before = unit.job_data()->lines_before;
  std::uint64_t number = lines_said(tail);
  std::vector<std::string> lines;
  std::size_t size = 0;
  for (auto line = tail.lines.rbegin(); line != tail.lines.rend() && number-- > before; ++line) {
    if (line->stream == LogStream::berth)
      continue;  // what berth says about the run is its result
    line->text.resize(std::min(line->text.size(), kLongestLine));
    size += line->text.size() + 1;
    if (size > kRunLines)
      break;
    lines.push_back(std::move(line->text));
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

void JobHistory::bound_lines() {
  if (bytes_ <= kAllRunLines)
    return;
  // Reckoned anew, since units go with what is kept of them; and by more than is needed now, so
  // that it is seldom.
  std::vector<JobRunStatus*> runs;
  bytes_ = 0;
  for (const auto& [name, unit] : table_.all())
    if (unit->job_data() != nullptr)
      for (JobRunStatus& run : unit->job().runs) {
        runs.push_back(&run);
        bytes_ += size_of(run);
      }
  std::sort(runs.begin(), runs.end(), [](const JobRunStatus* a, const JobRunStatus* b) {
    return a->started_ms < b->started_ms;
  });
  for (auto run = runs.begin(); run != runs.end() && bytes_ > kAllRunLines / 2; ++run) {
    bytes_ -= size_of(**run);
    (*run)->lines.clear();
  }
}

}  // namespace berth
