// The keys of [unit], [service] and [job], of checks and of entries of lists of commands.
#include <algorithm>
#include <array>
#include <string>

#include "units/key_rows.h"

namespace berth {
namespace {

using Relation = UnitReference::Relation;

constexpr std::string_view kReady = "ready";
constexpr std::string_view kHealthCheck = "health";
constexpr std::string_view kListen = "[[service.listen]]";

template <auto Read>
void ready_by(Value& value, Draft& draft) {
  Read(value, draft.unit.service.ready);
}
template <auto Read>
void health_by(Value& value, Draft& draft) {
  Read(value, *draft.unit.service.health);
}

void condition(Value& value, Draft& draft) {
  if (value.node().table() == nullptr) {
    value.mismatch(value.node(), "a table");
    return;
  }
  draft.unit.info.condition = StartCondition{};
  read_members(value.node(), kCondition, kAnyUnit, draft, value.reading());
}
/// One address, or a list of addresses and tables.
void listen_sockets(Value& value, Draft& draft) {
  std::vector<ListenSocket>& sockets = draft.unit.service.listen;
  sockets.clear();
  const auto read_one = [&](const Node& entry) {
    if (entry.table() == nullptr) {
      sockets.emplace_back();
      Value(entry, "listen", "[service]", value.reading()).read(sockets.back().address);
    } else if (applies(entry, kListen, kService, value.reading())) {
      sockets.emplace_back();
      check_needed(entry, kListen, {"address"}, value.reading());
      read_members(entry, kListen, kService, draft, value.reading());
    }
  };
  if (value.node().array() == nullptr) {
    read_one(value.node());
  } else {
    std::for_each(value.node().array()->begin(), value.node().array()->end(), read_one);
  }
}

/// Whether the table has exactly one of `ways`; reports it if not.
bool has_one_way(Value& value, std::initializer_list<std::string_view> ways) {
  std::string names;
  for (const std::string_view way : ways) {
    names += (names.empty() ? "" : way == *(ways.end() - 1) ? " and " : ", ") + std::string(way);
  }
  const auto count = std::count_if(ways.begin(), ways.end(), [&](std::string_view way) {
    return value.node().find(way) != nullptr;
  });
  if (count != 1) {
    value.complain(value.node().at, "must be a table with one of " + names);
  }
  return count == 1;
}
void ready(Value& value, Draft& draft) {
  if (has_one_way(value, {"http", "tcp", "unix", "file", "notify", "log", "command"})) {
    draft.unit.service.ready = ReadyCheck{};
    read_members(value.node(), kReady, kAnyKind, draft, value.reading());
  }
}
void health(Value& value, Draft& draft) {
  if (has_one_way(value, {"http", "tcp", "unix", "command"})) {
    draft.unit.service.health = HealthCheck{};
    read_members(value.node(), kHealthCheck, kAnyKind, draft, value.reading());
  }
}
void success_exit(Value& value, Draft& draft) {
  read_success_exit(value, draft.unit.service);
}
void schedule(Value& value, Draft& draft) {
  read_schedule(value, draft.unit.job->schedule);
}
/// [job] command is `steps` with one entry.
void only_step(Value& value, Draft& draft) {
  draft.unit.job->steps.assign(1, Command{});
  value.read(draft.unit.job->steps.front());
}
void list_entry(Value& value, Draft& draft) {
  Command read;
  value.read(read);
  draft.command.argv = std::move(read.argv);  // its other keys may have been read already
}

constexpr auto kKeys = std::to_array<Key>({
    {"[unit]", "description", "string", "\"\"", kAnyUnit, set<&UnitInfo::description>},
    {"[unit]", "documentation", "list of URIs", "[]", kAnyUnit, set<&UnitInfo::documentation>},
    {"[unit]", "requires", "list of unit names", "[]", kAnyUnit,
     order<&UnitInfo::requires_units, Relation::requires_unit>},
    {"[unit]", "wants", "list of unit names", "[]", kAnyUnit,
     order<&UnitInfo::wants, Relation::wants>},
    {"[unit]", "after", "list of unit names", "[]", kAnyUnit,
     order<&UnitInfo::after, Relation::after>},
    {"[unit]", "before", "list of unit names", "[]", kAnyUnit,
     order<&UnitInfo::before, Relation::before>},
    {"[unit]", "conflicts", "list of unit names", "[]", kAnyUnit,
     order<&UnitInfo::conflicts, Relation::conflicts>},
    {"[unit]", "part_of", "list of unit names", "[]", kAnyUnit,
     order<&UnitInfo::part_of, Relation::part_of>},
    {"[unit]", "on_failure", "list of unit names", "[]", kAnyUnit,
     order<&UnitInfo::on_failure, Relation::on_failure>},
    {"[unit]", "start", "word", "\"boot\"", kAnyUnit, set<&UnitInfo::start>},
    {"[unit]", "on_change", "word", "\"restart\"", kAnyUnit, set<&UnitInfo::on_change>},
    {"[unit]", "essential", "boolean", "false", kAnyUnit, set<&UnitInfo::essential>},
    {"[unit]", "main", "boolean", "false", kAnyUnit, set<&UnitInfo::main>},
    {"[unit]", "condition", "table", "", kAnyUnit, condition},

    {"[service]", "command", "command", "", kCommanded, set<&ServiceSpec::command>},
    {"[service]", "address", "address", "", kCommanded, set<&ServiceSpec::address>},
    {"[service]", "ready", "table", "", kCommanded, ready},
    {"[service]", "health", "table", "", kCommanded, health},
    {"[service]", "watchdog", "duration", "\"0\"", kCommanded, set<&ServiceSpec::watchdog>},
    {"[service]", "restart", "word", "\"on-failure\"", kRunning, set<&ServiceSpec::restart>},
    {"[service]", "restart_delay", "duration", "\"100ms\"", kRunning,
     set<&ServiceSpec::restart_delay>},
    {"[service]", "restart_delay_max", "duration", "\"30s\"", kRunning,
     set<&ServiceSpec::restart_delay_max>},
    {"[service]", "restart_limit", "number", "5", kRunning, set<&ServiceSpec::restart_limit>},
    {"[service]", "restart_window", "duration", "\"1m\"", kRunning,
     set_by<&ServiceSpec::restart_window, positive>},
    {"[service]", "before_start", "list of commands", "[]", kCommanded,
     set<&ServiceSpec::before_start>},
    {"[service]", "after_start", "list of commands", "[]", kCommanded,
     set<&ServiceSpec::after_start>},
    {"[service]", "after_stop", "list of commands", "[]", kCommanded,
     set<&ServiceSpec::after_stop>},
    {"[service]", "stop_signal", "signal", "\"SIGTERM\"", kStopped,
     set_by<&ServiceSpec::stop_signal, signal>},
    {"[service]", "stop_timeout", "duration", "\"10s\"", kAnyUnit, set<&ServiceSpec::stop_timeout>},
    {"[service]", "kill", "word", "\"unit\"", kCommanded, set<&ServiceSpec::kill>},
    {"[service]", "reload_signal", "signal", "", kCommanded,
     set_by<&ServiceSpec::reload_signal, signal>},
    {"[service]", "reload_command", "command", "", kCommanded, set<&ServiceSpec::reload_command>},
    {"[service]", "success_exit", "list of exit codes and signals", "[]", kStopped, success_exit},
    {"[service]", "listen", "address, or list of addresses and tables", "[]", kService,
     listen_sockets},
    {"[service]", "idle_timeout", "duration", "\"0\"", kService, set<&ServiceSpec::idle_timeout>},
    {kListen, "address", "address", "", kService, set<&ListenSocket::address>},
    {kListen, "name", "name", "", kService, set_by<&ListenSocket::name, read_socket_name>},
    {kListen, "user", "user", "", kService, set<&ListenSocket::user>},
    {kListen, "group", "group", "", kService, set<&ListenSocket::group>},
    {kListen, "mode", "octal digits", "\"0660\"", kService, set_by<&ListenSocket::mode, octal>},

    {"[job]", "command", "command", "", kJob, only_step},
    {"[job]", "steps", "list of commands", "", kJob, set<&JobSpec::steps>},
    {"[job]", "timeout", "duration", "\"5m\"", kJob, set_by<&JobSpec::timeout, positive>},
    {"[job]", "retries", "number", "0", kJob, set<&JobSpec::retries>},
    {"[job]", "retry_delay", "duration", "\"1s\"", kJob, set<&JobSpec::retry_delay>},
    {"[job]", "reload", "boolean", "false", kJob, set<&JobSpec::reload>},
    {"[job]", "instances", "absolute path", "", kJob, set_by<&JobSpec::instances, absolute_path>},
    {"[job]", "interface", "word", "\"none\"", kJob, set<&JobSpec::interface>},
    {"[job]", "on", "word or list of words", "\"boot\"", kJob, set_by<&JobSpec::on, read_triggers>},
    {"[job]", "every", "duration", "", kJob, set_by<&JobSpec::every, read_every>},
    {"[job]", "schedule", "schedule", "", kJob, schedule},

    {kReady, "http", "path or URL", "", kAnyKind, ready_by<read_probe_http>},
    {kReady, "status", "HTTP statuses", "\"2xx,3xx\"", kAnyKind, ready_by<read_probe_status>},
    {kReady, "tcp", "address", "", kAnyKind, ready_by<read_probe_tcp>},
    {kReady, "unix", "path", "", kAnyKind, ready_by<read_probe_unix>},
    {kReady, "file", "path", "", kAnyKind, ready_by<read_probe_file>},
    {kReady, "notify", "boolean", "", kAnyKind, ready_by<read_probe_notify>},
    {kReady, "log", "glob", "", kAnyKind, ready_by<read_probe_log>},
    {kReady, "command", "command", "", kAnyKind, ready_by<read_probe_command>},
    {kReady, "timeout", "duration", "\"30s\"", kAnyKind, set_by<&ReadyCheck::timeout, positive>},
    {kReady, "interval", "duration", "\"0\"", kAnyKind, set<&ReadyCheck::interval>},

    {kHealthCheck, "http", "path or URL", "", kAnyKind, health_by<read_probe_http>},
    {kHealthCheck, "status", "HTTP statuses", "\"2xx,3xx\"", kAnyKind,
     health_by<read_probe_status>},
    {kHealthCheck, "tcp", "address", "", kAnyKind, health_by<read_probe_tcp>},
    {kHealthCheck, "unix", "path", "", kAnyKind, health_by<read_probe_unix>},
    {kHealthCheck, "command", "command", "", kAnyKind, health_by<read_probe_command>},
    {kHealthCheck, "interval", "duration", "\"10s\"", kAnyKind,
     set_by<&HealthCheck::interval, positive>},
    {kHealthCheck, "timeout", "duration", "\"5s\"", kAnyKind,
     set_by<&HealthCheck::timeout, positive>},
    {kHealthCheck, "failures", "number", "3", kAnyKind,
     set_by<&HealthCheck::failures, at_least_one>},

    {kCommandTable, "command", "command", "", kAnyKind, list_entry},
    {kCommandTable, "timeout", "duration", "", kAnyKind, set_by<&Command::timeout, positive>},
    {kCommandTable, "user", "user", "", kAnyKind, set<&Command::user>},
    {kCommandTable, "background", "boolean", "false", kAnyKind, set<&Command::background>},
});

}  // namespace

std::span<const Key> unit_keys() {
  return kKeys;
}

}  // namespace berth
