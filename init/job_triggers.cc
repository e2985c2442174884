// Why jobs start.
#include "init/job_triggers.h"

#include <algorithm>
#include <utility>

namespace berth {
namespace {

/// A difference of the clocks that is more than reading one after the other.
constexpr Milliseconds kSlept{1'000};
/// What cron(8) takes for a correction of the clock rather than another time.
constexpr Milliseconds kCorrection = std::chrono::hours(3);
/// 2020-01-01: a clock that shows less was never set.
constexpr std::uint64_t kClockIsSet = 1'577'836'800'000;
constexpr std::int64_t kPerSecond = 1'000;
constexpr std::uint32_t kEveryHour = (1U << 24) - 1;

/// Whether the clocks matter to it.
bool has_alarm(const JobSpec& job) {
  return job.has_clock() || job.runs_on(JobTrigger::resume);
}

/// A stock unit counts only once something has pulled it in.
bool is_unused_stock(const UnitRuntime& job) {
  return job.stock && job.life.epoch == 0;
}

}  // namespace

JobTriggers::JobTriggers(Parts parts)
    : p_(parts),
      slept_(p_.loop.clock().slept()),
      wall_offset_(Milliseconds(p_.loop.clock().wall_ms()) - p_.loop.clock().boot_time()) {}

template <typename Each>
void JobTriggers::for_each_job(Each each) {
  for (const auto& [name, unit] : p_.table.all())
    if (unit->is_job() && unit->latest().job && !unit->removed && !is_unused_stock(*unit))
      each(*unit);
}

std::int64_t JobTriggers::wall_seconds() const {
  return static_cast<std::int64_t>(p_.loop.clock().wall_ms()) / kPerSecond;
}

void JobTriggers::loaded() {
  some_idle_ = false;
  for_each_job([this](UnitRuntime& job) {
    set_clock(job);
    some_idle_ |= job.latest().job->runs_on(JobTrigger::idle);
  });
  // [proxy.idle] says itself when.
  for (const auto& [name, unit] : p_.table.all()) {
    const auto& proxy = unit->latest().proxy;
    some_idle_ &= !proxy || unit->removed || !proxy->machine_idle.is_on();
  }
  set_alarm();
}

void JobTriggers::reloaded(const UnitRuntime* by) {
  loaded();
  // Two jobs that reload would set off each other for ever.
  const bool is_chain =
      by != nullptr && by->job_data()->run && by->job_data()->run->trigger == JobTrigger::reload;
  for_each_job([&](UnitRuntime& job) {
    const JobSpec& spec = *job.latest().job;
    if (&job != by && spec.runs_on(JobTrigger::reload) && !(is_chain && spec.reload))
      fire(job, JobTrigger::reload);
  });
}

void JobTriggers::set_clock(UnitRuntime& job) {
  const JobSpec& spec = *job.latest().job;
  JobRuntime& data = job.job();
  if (!data.ended)
    data.ended = p_.loop.clock().boot_time();
  if (data.schedule != spec.schedule) {
    data.schedule = spec.schedule;
    schedule_next(job);
  }
}

void JobTriggers::schedule_next(UnitRuntime& job) {
  JobRuntime& data = job.job();
  data.scheduled.reset();
  if (data.schedule)
    data.scheduled = next_time(*data.schedule, wall_seconds(), p_.zone);
}

void JobTriggers::fire(UnitRuntime& job, JobTrigger why) {
  JobRuntime& data = job.job();
  const bool by_clock = why == JobTrigger::every || why == JobTrigger::schedule;
  if (by_clock && holds_ && holds_(job)) {
    data.held = why;
    some_held_ = true;
  } else if (is_at_rest(job.state))
    start(job, why);
  else if (job.state != UnitState::waiting && job.state != UnitState::backoff)
    data.again = why;
}

void JobTriggers::fire_all(JobTrigger why) {
  for_each_job([&](UnitRuntime& job) {
    if (job.latest().job->runs_on(why))
      fire(job, why);
  });
}

void JobTriggers::start(UnitRuntime& job, JobTrigger why) {
  job.forget_failures();
  job.job().cause = why;
  if (const auto started = p_.manager.want_up(job); !started)
    p_.logs.unit_line(job.name(), LogLevel::warning, started.error().message);
}

void JobTriggers::begin_shutdown() {
  for_each_job([](UnitRuntime& job) {
    job.job().at_shutdown = job.latest().job->runs_on(JobTrigger::shutdown);
    job.job().again.reset();
  });
  fire_all(JobTrigger::shutdown);
}

std::vector<std::string> JobTriggers::left_at_shutdown() const {
  std::vector<std::string> left;
  for (const auto& [name, unit] : p_.table.all())
    if (unit->job_data() != nullptr && unit->job_data()->at_shutdown &&
        (unit->is_alive_or_wanted() || unit->job_data()->again))
      left.push_back(name);
  return left;
}

void JobTriggers::on_state(UnitRuntime& unit) {
  if (unit.is_tenant()) {
    tenants_run_ |= !is_at_rest(unit.state);
    if (is_at_rest(unit.state))
      tenant_came_to_rest();
  } else if (unit.is_job() && is_at_rest(unit.state)) {
    came_to_rest(unit);
  }
}

void JobTriggers::tenant_came_to_rest() {
  if (!tenants_run_ || !some_idle_ || closed_)
    return;
  for (const auto& [name, unit] : p_.table.all())
    if (unit->is_tenant() && unit->is_alive_or_wanted())
      return;
  tenants_run_ = false;
  fire_all(JobTrigger::idle);
}

void JobTriggers::came_to_rest(UnitRuntime& job) {
  JobRuntime& data = job.job();
  data.ended = p_.loop.clock().boot_time();
  if (!job.latest().job || job.removed)
    return;
  set_clock(job);  // its definition may be a new one
  if (const auto why = std::exchange(data.again, std::nullopt))
    start(job, *why);
  if (job.latest().job->has_clock())
    set_alarm();
}

void JobTriggers::on_alarm() {
  if (closed_)
    return;
  const Milliseconds ahead = look_at_wall_clock();
  // Whoever wakes a snapshot of a machine sets its wall clock, and no other.
  if (has_slept() || (ahead >= kSlept && may_sleep_()))
    woke();
  for_each_job([this](UnitRuntime& job) { look_at(job); });
  set_alarm();
}

void JobTriggers::woke() {
  on_resume_();
  if (!closed_)
    fire_all(JobTrigger::resume);
}

bool JobTriggers::has_slept() {
  const Milliseconds before = slept_;
  slept_ = std::max(slept_, p_.loop.clock().slept());
  return slept_ - before >= kSlept;
}

Milliseconds JobTriggers::look_at_wall_clock() {
  const os::Clock& clock = p_.loop.clock();
  const Milliseconds before =
      std::exchange(wall_offset_, Milliseconds(clock.wall_ms()) - clock.boot_time());
  const Milliseconds jump = wall_offset_ - before;
  const auto old_wall = Milliseconds(clock.wall_ms()) - jump;
  const bool was_unset = jump > kCorrection && old_wall < Milliseconds(kClockIsSet);
  for_each_job([&](UnitRuntime& job) {
    const auto& schedule = job.job().schedule;
    const bool goes_back =
        jump <= -kCorrection || (jump <= -kSlept && schedule && schedule->hours == kEveryHour);
    if (was_unset || goes_back)
      schedule_next(job);
  });
  return jump;
}

void JobTriggers::look_at(UnitRuntime& job) {
  JobRuntime& data = job.job();
  const auto due = every_due(job);
  if (due && *due <= p_.loop.clock().boot_time())
    fire(job, JobTrigger::every);
  if (data.scheduled && *data.scheduled <= wall_seconds()) {
    schedule_next(job);
    fire(job, JobTrigger::schedule);
  }
}

void JobTriggers::release_held() {
  if (!std::exchange(some_held_, false))
    return;
  for_each_job([this](UnitRuntime& job) {
    if (job.job().held && holds_(job))
      some_held_ = true;
    else if (const auto why = std::exchange(job.job().held, std::nullopt))
      fire(job, *why);
  });
}

std::optional<Milliseconds> JobTriggers::every_due(const UnitRuntime& job) {
  const JobRuntime& data = *job.job_data();
  const Milliseconds every = job.latest().job ? job.latest().job->every : Milliseconds(0);
  if (every.count() == 0 || !data.ended || data.held || job.is_alive_or_wanted())
    return std::nullopt;
  return *data.ended + every;
}

std::uint64_t JobTriggers::next_run_ms(const UnitRuntime& job) const {
  const JobRuntime* data = job.job_data();
  if (data == nullptr || !job.is_job() || closed_)
    return 0;
  std::int64_t next = 0;
  if (const auto due = every_due(job))
    next = static_cast<std::int64_t>(p_.loop.clock().wall_ms()) +
           (*due - p_.loop.clock().boot_time()).count();
  if (data->scheduled && (next == 0 || *data->scheduled * kPerSecond < next))
    next = *data->scheduled * kPerSecond;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(next, 0));
}

void JobTriggers::set_alarm() {
  bool wanted = false;
  std::uint64_t first = 0;
  for_each_job([&](UnitRuntime& job) {
    wanted |= has_alarm(*job.latest().job);
    const std::uint64_t next = next_run_ms(job);
    if (next != 0 && (first == 0 || next < first))
      first = next;
  });
  if (wanted)
    p_.alarm.set(first == 0 ? std::nullopt : std::optional(first));
}

}  // namespace berth
