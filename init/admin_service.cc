// The admin's commands and the snapshot.
#include "init/admin_service.h"

#include <signal.h>
#include <unistd.h>

namespace berth {
namespace {

using control::Denied;
using control::DenyCode;
using control::JobResult;
using control::Verb;

/// What fits a packet beside the rest of a Finished message.
constexpr std::size_t kMostText = control::kMaxPacket / 2;

std::vector<std::string> bounded(std::vector<std::string> lines) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    size += lines[i].size() + sizeof(std::uint32_t);
    if (size <= kMostText)
      continue;
    const std::size_t left = lines.size() - i;
    lines.resize(i);
    lines.push_back("and " + std::to_string(left) + " lines more: see the log");
  }
  return lines;
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::uint64_t microseconds(os::TimePoint time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

Denied deny(DenyCode code, std::string message) {
  return Denied{0, code, std::move(message)};
}

}  // namespace

void AdminService::finish_later(Done done, JobResult result, std::vector<std::string> lines) {
  p_.loop.after(
      std::chrono::nanoseconds(0),
      [done = std::move(done), result, lines = bounded(std::move(lines))] { done(result, lines); });
}

std::optional<Denied> AdminService::execute(const control::Command& command, Done done) {
  switch (command.verb) {
    case Verb::reload:
    case Verb::reload_dry_run:
    case Verb::reload_now:
      if (p_.shutdown.requested())
        return deny(DenyCode::shutting_down, "berth is shutting down");
      reload(command.verb, std::move(done));
      return std::nullopt;
    case Verb::shutdown:
      p_.shutdown.request(p_.reloader.config(), "asked by uid " + std::to_string(command.uid));
      finish_later(std::move(done), JobResult::done, {});
      return std::nullopt;
    case Verb::reboot:
      if (!p_.settings.ends_machine)
        return deny(DenyCode::not_applicable,
                    "this berth is not the first process of a machine: whoever runs the container "
                    "restarts it");
      p_.shutdown.restart_machine();
      p_.shutdown.request(p_.reloader.config(),
                          "asked to reboot by uid " + std::to_string(command.uid));
      finish_later(std::move(done), JobResult::done, {});
      return std::nullopt;
    default:
      return execute_on_unit(command, std::move(done));
  }
}

void AdminService::reload(Verb verb, Done done) {
  auto lines = verb == Verb::reload_dry_run ? p_.reloader.dry_run()
               : verb == Verb::reload_now   ? p_.reloader.reload_now()
                                            : p_.reloader.reload();
  if (lines)
    finish_later(std::move(done), JobResult::done, *std::move(lines));
  else
    finish_later(std::move(done), JobResult::failed, split_lines(lines.error().message));
}

std::optional<Denied> AdminService::execute_on_unit(const control::Command& command, Done done) {
  UnitRuntime* unit = p_.table.find(command.unit);
  if (unit == nullptr || unit->removed) {
    for (const LoadError& error : p_.reloader.errors())
      if (error.unit == command.unit)
        return deny(DenyCode::load_failed, command.unit + " was not loaded: " + error.str());
    return deny(DenyCode::no_such_unit, "no unit is called \"" + command.unit + "\"");
  }
  switch (command.verb) {
    case Verb::start:
      return start(*unit, std::move(done));
    case Verb::stop:
      if (is_at_rest(unit->state)) {
        finish_later(std::move(done), JobResult::done, {});
      } else {
        p_.jobs.add(*unit, PendingJobs::Goal::down, std::move(done));
      }
      p_.manager.stop(*unit);
      return std::nullopt;
    case Verb::restart:
      if (const auto restarted = p_.manager.restart(*unit); !restarted)
        return deny(DenyCode::shutting_down, restarted.error().message);
      p_.jobs.add(*unit, PendingJobs::Goal::up_again, std::move(done));
      return std::nullopt;
    case Verb::reload_unit:
      if (const auto reloaded = p_.manager.reload(*unit); !reloaded)
        return deny(DenyCode::not_applicable, reloaded.error().message);
      finish_later(std::move(done), JobResult::done, {});
      return std::nullopt;
    case Verb::reset_failed:
      unit->history.forget();
      unit->refuse_until = {};
      if (unit->state == UnitState::failed)
        p_.table.post(*unit, UnitEvent::stop);
      finish_later(std::move(done), JobResult::done, {});
      return std::nullopt;
    default:
      return deny(DenyCode::not_applicable, "unknown command");
  }
}

std::optional<Denied> AdminService::start(UnitRuntime& unit, Done done) {
  if (unit.is_job() && !p_.shutdown.requested()) {
    const bool is_under_way = !is_at_rest(unit.state) && unit.state != UnitState::waiting &&
                              unit.state != UnitState::backoff;
    if (is_under_way) {
      p_.triggers.fire(unit, JobTrigger::manual);
      p_.jobs.add_next_run(unit, std::move(done));
      return std::nullopt;
    }
    unit.job().cause = JobTrigger::manual;
  }
  if (const auto started = p_.manager.start(unit); !started)
    return deny(DenyCode::shutting_down, started.error().message);
  // A stop whose turn had not come is taken back by the start; one that has begun is not.
  if (unit.state == UnitState::running && !unit.life.stop_requested && !unit.is_job())
    finish_later(std::move(done), JobResult::done, {});
  else
    p_.jobs.add(unit, PendingJobs::Goal::up, std::move(done));
  return std::nullopt;
}

UnitStatus AdminService::status_of(const UnitRuntime& unit, std::vector<pid_t> pids) const {
  UnitStatus status;
  status.name = unit.name();
  status.kind = unit.unit.kind;
  status.state = unit.state;
  status.wanted_up = unit.wanted_up;
  status.description = unit.unit.info.description;
  status.documentation = unit.unit.info.documentation;
  status.file = unit.unit.place.file + ":" + std::to_string(unit.unit.place.line);
  status.main_pid = unit.life.main_pid;
  status.pids.assign(pids.begin(), pids.end());
  status.since_ms = unit.since_ms;
  status.started_ms = unit.life.started_ms;
  status.restarts = unit.restarts;
  if (unit.state == UnitState::waiting)
    status.waits_for = p_.manager.waits_for(unit);
  status.last_exit = unit.last_exit;
  status.reason = unit.reason;
  if (unit.life.endpoint != Address{})
    status.endpoint = format_address(unit.life.endpoint);
  if (is_alive(unit.state))
    status.says = unit.life.told.str();
  status.requires_units = unit.unit.info.requires_units;
  status.wants = unit.unit.info.wants;
  status.after = unit.unit.info.after;
  status.before = unit.unit.info.before;
  status.conflicts = unit.unit.info.conflicts;
  status.part_of = unit.unit.info.part_of;
  status.start = unit.unit.info.start;
  status.stock = unit.stock;
  status.succeeded = unit.job_succeeded;
  status.queued_us = microseconds(unit.times.queued);
  status.begun_us = microseconds(unit.times.begun);
  status.up_us = microseconds(unit.times.up);
  status.pinned = unit.pinned;
  if (const JobRuntime* job = unit.job_data()) {
    status.next_run_ms = p_.triggers.next_run_ms(unit);
    status.runs.assign(job->runs.begin(), job->runs.end());
  }
  status.memory_limit = unit.unit.memory.limit.value_or(Bytes{}).count;
  status.memory_high = unit.unit.memory.high.value_or(Bytes{}).count;
  if (const auto memory = p_.memory.figure(unit)) {
    status.memory_by = memory->by;
    status.memory_current = memory->current;
    status.memory_peak = memory->peak;
  }
  if (!unit.is_tenant())
    return status;
  const Usage usage = p_.leases.usage_of(unit);
  status.path = unit.unit.tenant->path;
  status.in_flight = usage.in_flight;
  status.requests = usage.requests;
  status.idle_timeout_ms = static_cast<std::uint64_t>(unit.unit.tenant->idle_timeout.count());
  status.idle_for_ms = static_cast<std::uint64_t>(usage.idle_for.count());
  if (usage.used_ago)
    status.last_use_ms =
        p_.loop.clock().wall_ms() - static_cast<std::uint64_t>(usage.used_ago->count());
  if (const auto memory = p_.figures.memory_of(unit))
    status.tenant_memory = memory->bytes;
  return status;
}

std::string AdminService::system_state() const {
  if (p_.shutdown.requested())
    return "stopping";
  if (p_.reloader.in_maintenance())
    return "maintenance";
  bool starting = false;
  for (const auto& [name, unit] : p_.table.all()) {
    if (unit->state == UnitState::failed && !unit->is_tenant())
      return "degraded";
    starting |= unit->wanted_up && !unit->is_tenant() && unit->state != UnitState::running;
  }
  return starting ? "starting" : "running";
}

Snapshot AdminService::snapshot(bool with_pids) {
  Snapshot snapshot;
  snapshot.version = BERTH_VERSION;
  snapshot.system_state = system_state();
  snapshot.berth_pid = ::getpid();
  snapshot.admin_pid = admin_pid_();
  snapshot.now_ms = p_.loop.clock().wall_ms();
  snapshot.now_us = microseconds(p_.loop.clock().now());
  snapshot.begun_us = microseconds(p_.timeline.begun());
  snapshot.booted_us = microseconds(p_.timeline.booted());
  snapshot.load_errors = p_.reloader.error_lines();
  snapshot.cut_short = last_end_->cut_short();
  std::vector<const UnitRuntime*> live;
  for (const auto& [name, unit] : p_.table.all())
    if (with_pids && !is_at_rest(unit->state))
      live.push_back(unit.get());
  const auto members = p_.cleaner.members_of(live);
  std::size_t next = 0;
  for (const auto& [name, unit] : p_.table.all()) {
    const bool is_live = next < live.size() && live[next] == unit.get();
    snapshot.units.push_back(status_of(*unit, is_live ? members[next] : std::vector<pid_t>{}));
    next += is_live ? 1 : 0;
  }
  return snapshot;
}

void AdminService::measure(const Snapshot& snapshot, os::UniqueFd pipe) {
  // Each under the ids of what it looks at: root without CAP_SYS_PTRACE may not read another
  // user's figures (man 5 proc).
  probe("", {}, {snapshot.berth_pid}, pipe);
  if (snapshot.admin_pid != 0)
    probe(AdminLink::user(p_.settings), {}, {snapshot.admin_pid}, pipe);
  for (const UnitStatus& status : snapshot.units) {
    const UnitRuntime* unit = p_.table.find(status.name);
    if (unit != nullptr && !status.pids.empty())
      probe(p_.launcher.user_of(unit->unit), unit->life.names, status.pids, pipe);
  }
}

void AdminService::probe(const std::string& user, const FoundNames& names,
                         const std::vector<std::int32_t>& pids, const os::UniqueFd& pipe) {
  std::vector<std::string> arguments{"memory"};
  for (const std::int32_t pid : pids)
    arguments.push_back(std::to_string(pid));
  Command command;
  command.argv = p_.launcher.helper_argv(std::move(arguments));
  auto spawned = p_.launcher.spawn_probe(user, names, command, pipe.borrow());
  if (!spawned) {
    log_warning("measuring memory: " + spawned.error().message);
    return;
  }
  // It has a time limit of its own; how it ends is of no interest, but it is ours to reap.
  p_.reaper.expect(spawned->pid, [](const os::ExitStatus&) {});
}

}  // namespace berth
