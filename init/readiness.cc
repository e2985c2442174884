// From executed to ready, and what may happen to a unit that was.
#include "init/readiness.h"

#include <algorithm>

#include <signal.h>

#include "units/expansion.h"
#include "units/glob.h"

namespace berth {
namespace {

constexpr Milliseconds kPortCheckLimit{30'000};
constexpr std::chrono::milliseconds kOwnerCheckPause{100};

/// What a unit is waited for that is not asked, in the words of Probe's answers.
std::string awaited(const ReadyCheck& check) {
  if (check.way == ProbeSpec::Way::notify)
    return "it has not sent READY=1";
  if (check.way == ProbeSpec::Way::log)
    return "no line of its output was like \"" + check.path + "\"";
  return "";
}

/// Whether PID 1 may look for it itself: what is made in the unit's run folder, see
/// Launcher::prepare_run_dir(). Any other path may lead into a file system that hangs.
bool is_in_run_folder(const Unit& unit, const std::string& path) {
  return unit.mentions_run_dir &&
         path.substr(0, path.rfind('/')).ends_with("/units-run/" + unit.name.escaped());
}

}  // namespace

void Readiness::begin(UnitRuntime& unit) {
  const ServiceSpec& service = unit.unit.service;
  if (service.uses_notify() &&
      std::find(listening_.begin(), listening_.end(), &unit) == listening_.end())
    listening_.push_back(&unit);
  if (service.ready.way != ProbeSpec::Way::log)
    return;
  p_.logs.watch(unit.name(), [this, &unit](std::string_view line) {
    if (!unit.life.found_ready && glob_matches(unit.unit.service.ready.path, line))
      found(unit);
  });
}

void Readiness::executed(UnitRuntime& unit) {
  switch (unit.unit.service.ready.way) {
    case ProbeSpec::Way::exec:
      return p_.table.post(unit, UnitEvent::ready);
    case ProbeSpec::Way::notify:
    case ProbeSpec::Way::log:
      return;  // it tells
    default:
      seek(unit);
  }
}

void Readiness::became_ready(UnitRuntime& unit) {
  unit.life.probe.reset();
  p_.logs.unwatch(unit.name());
  look_after(unit);
}

void Readiness::end(UnitRuntime& unit) {
  unit.life.probe.reset();
  unit.life.health.reset();
  unit.life.watchdog.reset();
  p_.logs.unwatch(unit.name());
}

void Readiness::forget(const UnitRuntime& unit) {
  listening_.erase(std::remove(listening_.begin(), listening_.end(), &unit), listening_.end());
}

std::string Readiness::last_answer(const UnitRuntime& unit) {
  const ReadyCheck& check = unit.unit.service.ready;
  std::string last = unit.life.probe ? unit.life.probe->last_answer() : awaited(check);
  // In the words of the helper that looked.
  if (check.way == ProbeSpec::Way::file && last.ends_with("exit status 1"))
    last = "file " + check.path + " is not there";
  return last.empty() ? "" : ": " + last;
}

CommandRunner Readiness::runner(UnitRuntime& unit) {
  return {p_.reaper,
          [this, &unit](const Command& command) { return p_.launcher.spawn_aux(unit, command); }};
}

void Readiness::seek(UnitRuntime& unit) {
  ReadyCheck check = unit.unit.service.ready;
  check.path = expand_at_start(check.path, p_.endpoints.variables(unit));
  CommandRunner asked_by = runner(unit);
  if (check.way == ProbeSpec::Way::file && !is_in_run_folder(unit.unit, check.path)) {
    check.way = ProbeSpec::Way::command;
    check.command.argv = p_.launcher.helper_argv({"path-is", "there", check.path});
    asked_by.spawn = [this, &unit](const Command& each) {
      return p_.launcher.spawn_helper(unit, each, {});
    };
  }
  unit.life.probe = std::make_unique<ReadinessProbe>(
      p_.loop, check, unit.life.endpoint, std::move(asked_by), [this, &unit] { found(unit); });
}

void Readiness::told_ready(UnitRuntime& unit) {
  if (unit.unit.service.ready.way == ProbeSpec::Way::notify && !unit.life.found_ready)
    found(unit);
}

void Readiness::found(UnitRuntime& unit) {
  if (unit.state != UnitState::starting)
    return;
  unit.life.found_ready = true;
  if (unit.life.port != 0)
    return check_port_owner(unit);
  const Identity proxy = p_.launcher.proxy_identity(unit.unit);
  p_.endpoints.opened(unit, proxy.uid, proxy.gid);
  p_.table.post(unit, UnitEvent::ready);
}

void Readiness::check_port_owner(UnitRuntime& unit) {
  Command command;
  command.argv = p_.launcher.helper_argv({"owns-port", std::to_string(unit.life.port)});
  const auto members = p_.cleaner.members_of({&unit});
  for (const pid_t pid : members.front())
    command.argv.push_back(std::to_string(pid));
  const auto helper = [this, &unit](const Command& each) {
    return p_.launcher.spawn_helper(unit, each, unit.unit.process.user);
  };
  unit.life.aux = std::make_unique<AuxCommands>(
      p_.loop, p_.reaper, helper, "port check", std::vector{std::move(command)}, kPortCheckLimit,
      [this, &unit](std::optional<std::string> failure) {
        const auto finished = std::move(unit.life.aux);  // dies after the callback that it is in
        on_port_checked(unit, !failure);
      });
  unit.life.aux->start();
}

void Readiness::on_port_checked(UnitRuntime& unit, bool is_owner) {
  if (is_owner)
    return p_.table.post(unit, UnitEvent::ready);
  unit.reason =
      "port " + std::to_string(unit.life.port) + " is answered by a process of somebody else";
  // Looked at again until the unit's own time to become ready is over.
  p_.loop.after(kOwnerCheckPause, [this, name = unit.name(), epoch = unit.life.epoch] {
    UnitRuntime* again = p_.table.find(name);
    if (again == nullptr || again->life.epoch != epoch || again->state != UnitState::starting)
      return;
    if (again->life.probe)
      seek(*again);
    else
      check_port_owner(*again);
  });
}

void Readiness::look_after(UnitRuntime& unit) {
  if (unit.life.told.stopping || unit.life.gave_up_waiting || unit.life.main_pid == 0)
    return;
  const ServiceSpec& service = unit.unit.service;
  if (service.health) {
    HealthCheck check = *service.health;
    check.path = expand_at_start(check.path, p_.endpoints.variables(unit));
    unit.life.health = std::make_unique<HealthProbe>(
        p_.loop, check, unit.life.endpoint, runner(unit),
        [this, &unit](std::uint32_t failures, const std::string& answer) {
          on_health(unit, failures, answer);
        });
  }
  start_watchdog(unit, unit.life.told.watchdog_interval.value_or(service.watchdog));
}

void Readiness::on_health(UnitRuntime& unit, std::uint32_t failures, const std::string& answer) {
  const std::uint32_t limit = unit.unit.service.health->failures;
  if (failures >= limit)
    return unhealthy(unit, "unhealthy, " + std::to_string(limit) +
                               (limit == 1 ? " failure: " : " failures in a row: ") + answer);
  if (failures == 0)
    p_.logs.unit_line(unit.name(), LogLevel::info, "healthy again: " + answer);
  else if (failures == 1)
    p_.logs.unit_line(
        unit.name(), LogLevel::warning,
        "unhealthy, failure 1 of the " + std::to_string(limit) + " that end it: " + answer);
}

void Readiness::start_watchdog(UnitRuntime& unit, Milliseconds interval) {
  unit.life.watchdog.reset();
  if (interval.count() <= 0)
    return;
  unit.life.watchdog = std::make_unique<Watchdog>(p_.loop, interval, [this, &unit, interval] {
    watchdog_failed(unit, "it sent no WATCHDOG=1 for " + format_duration(interval));
  });
}

void Readiness::set_watchdog(UnitRuntime& unit, Milliseconds interval) {
  unit.life.told.watchdog_interval = interval;
  if (unit.state == UnitState::running && !unit.life.told.stopping)
    start_watchdog(unit, interval);
}

void Readiness::watchdog_failed(UnitRuntime& unit, std::string why) {
  if (unit.state != UnitState::starting && unit.state != UnitState::running)
    return;
  unit.life.stop_signal = SIGABRT;
  unhealthy(unit, "watchdog: " + why);
}

void Readiness::unhealthy(UnitRuntime& unit, std::string why) {
  end(unit);
  unit.reason = std::move(why);
  unit.life.gave_up_waiting = true;
  p_.logs.unit_line(unit.name(), LogLevel::error, unit.reason);
  p_.table.post(unit, UnitEvent::unhealthy);
}

}  // namespace berth
