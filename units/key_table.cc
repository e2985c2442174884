// The rows of the table of keys.
#include <algorithm>
#include <array>
#include <string>

#include "units/keys.h"
#include "units/process_values.h"
#include "units/special_values.h"
#include "units/word_values.h"

namespace berth {
namespace {

using Relation = UnitReference::Relation;

constexpr std::string_view kReady = "ready";
constexpr std::string_view kHealthCheck = "health";
constexpr std::string_view kCondition = "[unit.condition]";
constexpr std::string_view kDirectory = "[[process.directories]]";
constexpr std::string_view kListen = "[[service.listen]]";
constexpr std::string_view kMaintenance = "[proxy.maintenance]";
constexpr std::string_view kHealth = "[proxy.health]";
constexpr std::string_view kStatic = "[proxy.static]";
constexpr std::string_view kCacheRule = "[[proxy.static.cache]]";
constexpr std::string_view kAuth = "[proxy.auth]";
constexpr std::string_view kRoute = "[[proxy.route]]";
constexpr std::string_view kAccessLog = "[proxy.log]";

// The part of a draft that has members of type Owner; of a list, the entry being read.
// clang-format off
UnitInfo& part(Draft& d, UnitInfo*) { return d.unit.info; }
StartCondition& part(Draft& d, StartCondition*) { return d.unit.info.condition; }
ServiceSpec& part(Draft& d, ServiceSpec*) { return d.unit.service; }
ReadyCheck& part(Draft& d, ReadyCheck*) { return d.unit.service.ready; }
HealthCheck& part(Draft& d, HealthCheck*) { return *d.unit.service.health; }
JobSpec& part(Draft& d, JobSpec*) { return *d.unit.job; }
TenantSpec& part(Draft& d, TenantSpec*) { return *d.unit.tenant; }
ProxySpec& part(Draft& d, ProxySpec*) { return *d.unit.proxy; }
ProcessSpec& part(Draft& d, ProcessSpec*) { return d.unit.process; }
MemorySpec& part(Draft& d, MemorySpec*) { return d.unit.memory; }
LogSpec& part(Draft& d, LogSpec*) { return d.unit.log; }
BerthConfig& part(Draft& d, BerthConfig*) { return d.config; }
Command& part(Draft& d, Command*) { return d.command; }
CacheRule& part(Draft& d, CacheRule*) { return d.unit.proxy->cache.back(); }
RouteSpec& part(Draft& d, RouteSpec*) { return d.unit.proxy->routes.back(); }
DirectorySpec& part(Draft& d, DirectorySpec*) { return d.unit.process.directories.back(); }
ListenSocket& part(Draft& d, ListenSocket*) { return d.unit.service.listen.back(); }
// clang-format on

template <typename Owner, typename T>
T& member(Draft& draft, T Owner::*pointer) {
  return part(draft, static_cast<Owner*>(nullptr)).*pointer;
}

// Values whose type says how they are read, beside those that Value and word_values.h read.
void read(Value& value, std::uint32_t& out) {
  value.number(out);
}
template <typename T>
void read(Value& value, T& out) {
  value.read(out);
}

// Ways of reading that a row names beside the member.
void absolute_path(Value& value, std::string& out) {
  value.absolute_path(out);
}
void positive(Value& value, Milliseconds& out) {
  value.positive_duration(out);
}
void at_least_one(Value& value, std::uint32_t& out) {
  value.number(out, 1);
}
void signal(Value& value, int& out) {
  value.signal(out);
}
void octal(Value& value, std::uint32_t& out) {
  value.octal(out);
}
void umask(Value& value, std::optional<std::uint32_t>& out) {
  value.octal(out.emplace());
}
void count(Value& value, std::optional<std::uint32_t>& out) {
  value.number(out.emplace(), 1);
}
void log_level(Value& value, std::string& out) {
  value.word(out, {"error", "warning", "info", "debug"});
}

// The setters that rows are made with.
template <auto Member>
void set(Value& value, Draft& draft) {
  read(value, member(draft, Member));
}
template <auto Member, auto Read>
void set_by(Value& value, Draft& draft) {
  Read(value, member(draft, Member));
}
template <auto Member, Relation relation>
void order(Value& value, Draft& draft) {
  value.unit_names(member(draft, Member), relation);
}
template <auto Member, Relation relation>
void names_unit(Value& value, Draft& draft) {
  value.unit_name(member(draft, Member), relation);
}
template <auto Read>
void ready_by(Value& value, Draft& draft) {
  Read(value, draft.unit.service.ready);
}
template <auto Read>
void health_by(Value& value, Draft& draft) {
  Read(value, *draft.unit.service.health);
}

/// A table within [proxy]: its keys go to the same draft.
template <const std::string_view& table>
void within_proxy(Value& value, Draft& draft) {
  if (value.node().table() == nullptr) {
    value.mismatch(value.node(), "a table");
  } else if (applies(value.node(), table, kProxy, value.reading())) {
    read_members(value.node(), table, kProxy, draft, value.reading());
  }
}

void condition(Value& value, Draft& draft) {
  if (value.node().table() == nullptr) {
    value.mismatch(value.node(), "a table");
    return;
  }
  draft.unit.info.condition = StartCondition{};
  read_members(value.node(), kCondition, kAnyUnit, draft, value.reading());
}

/// An array of tables: each entry is appended to `list` empty, and the keys of `table` fill it.
template <typename T>
void entries(Value& value, Draft& draft, std::vector<T>& list, std::string_view table,
             std::initializer_list<std::string_view> needed) {
  list.clear();
  const bool is_empty = value.node().array() != nullptr && value.node().array()->empty();
  if (!is_empty && !is_array_of_tables(value.node())) {
    value.mismatch(value.node(), "an array of tables");
    return;
  }
  for (const Node& entry : *value.node().array()) {
    if (applies(entry, table, kAnyKind, value.reading())) {
      list.emplace_back();
      check_needed(entry, table, needed, value.reading());
      read_members(entry, table, kAnyKind, draft, value.reading());
    }
  }
}
void directories(Value& value, Draft& draft) {
  entries(value, draft, draft.unit.process.directories, kDirectory, {"path"});
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
void cache_rules(Value& value, Draft& draft) {
  entries(value, draft, draft.unit.proxy->cache, kCacheRule, {"path"});
}
void routes(Value& value, Draft& draft) {
  entries(value, draft, draft.unit.proxy->routes, kRoute, {"prefix", "unit"});
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
void ports(Value& value, Draft& draft) {
  read_port_range(value, *draft.unit.tenant);
}
void uid_range(Value& value, Draft& draft) {
  read_uid_range(value, draft.unit.process);
}
void vars(Value& value, Draft& draft) {
  value.read(draft.vars);
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
/// What says which instance is declared, and its values, is read before any of its keys.
void read_before(Value&, Draft&) {}

// Kinds that share keys of their own tables.
constexpr Kinds kRunning = kService | kTenant | kProxy;
constexpr Kinds kCommanded = kService | kTenant;
constexpr Kinds kStopped = kService | kJob | kTenant;

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
    {"[job]", "on", "word or list of words", "\"boot\"", kJob, set_by<&JobSpec::on, read_triggers>},
    {"[job]", "every", "duration", "", kJob, set_by<&JobSpec::every, read_every>},
    {"[job]", "schedule", "schedule", "", kJob, schedule},

    {"[tenant]", "path", "URL prefix", "\"/${instance}/\"", kTenant,
     set_by<&TenantSpec::path, read_url_prefix>},
    {"[tenant]", "hosts", "list of host names", "[]", kTenant,
     set_by<&TenantSpec::hosts, read_hosts>},
    {"[tenant]", "endpoint", "word", "\"port\"", kTenant, set<&TenantSpec::endpoint>},
    {"[tenant]", "ports", "range of ports", "\"4000-4999\"", kTenant, ports},
    {"[tenant]", "vars", "list of names", "[]", kStopped, vars},
    {"[tenant]", "idle_timeout", "duration", "\"5m\"", kTenant, set<&TenantSpec::idle_timeout>},
    {"[tenant]", "count_websockets", "boolean", "true", kTenant,
     set<&TenantSpec::count_websockets>},
    {"[tenant]", "hold", "duration", "\"5s\"", kTenant, set<&TenantSpec::hold>},
    {"[tenant]", "queue", "number", "128", kTenant, set<&TenantSpec::queue>},
    {"[tenant]", "max_running", "number", "0", kTenant, set<&TenantSpec::max_running>},
    {"[tenant]", "max_starting", "number", "0", kTenant, set<&TenantSpec::max_starting>},
    {"[tenant]", "public", "list of paths", "[]", kTenant,
     set_by<&TenantSpec::public_paths, read_public_paths>},
    {"[tenant]", "auth", "boolean", "true", kTenant, set<&TenantSpec::auth>},
    {"[tenant]", "proxy", "unit name", "", kTenant,
     names_unit<&TenantSpec::proxy, Relation::proxy>},

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

    {kProcessTable, "user", "user", "", kAnyKind, set<&ProcessSpec::user>},
    {kProcessTable, "group", "group", "", kAnyKind, set<&ProcessSpec::group>},
    {kProcessTable, "uid_range", "range of uids", "\"61000-64999\"", kAnyKind, uid_range},
    {kProcessTable, "groups", "list of groups", "[]", kAnyKind, set<&ProcessSpec::groups>},
    {kProcessTable, "working_directory", "absolute path", "\"/\"", kAnyKind,
     set_by<&ProcessSpec::working_directory, absolute_path>},
    {kProcessTable, "env", "table of variables", "{}", kAnyKind,
     set_by<&ProcessSpec::env, read_environment>},
    {kProcessTable, "inherit_env", "boolean or list of names", "true", kAnyKind,
     set_by<&ProcessSpec::inherit_env, read_inherit_env>},
    {kProcessTable, "env_file", "path or list of paths", "[]", kAnyKind,
     set_by<&ProcessSpec::env_files, read_env_files>},
    {kProcessTable, "required_env", "list of names", "[]", kAnyKind,
     set_by<&ProcessSpec::required_env, read_required_env>},
    {kProcessTable, "secrets", "absolute path", "", kAnyKind,
     set_by<&ProcessSpec::secrets, absolute_path>},
    {kProcessTable, "credentials", "list of files", "[]", kAnyKind,
     set_by<&ProcessSpec::credentials, read_credentials>},
    {kProcessTable, "umask", "octal digits", "", kAnyKind, set_by<&ProcessSpec::umask, umask>},
    {kProcessTable, "oom_score_adj", "number", "", kAnyKind,
     set_by<&ProcessSpec::oom_score_adj, read_oom_score>},
    {kProcessTable, "limits", "table of limits", "{}", kAnyKind,
     set_by<&ProcessSpec::limits, read_limits>},
    {kProcessTable, "nice", "number", "", kAnyKind, set_by<&ProcessSpec::nice, read_nice>},
    {kProcessTable, "no_new_privileges", "boolean", "true", kAnyKind,
     set<&ProcessSpec::no_new_privileges>},
    {kProcessTable, "capabilities", "list of capabilities", "", kAnyKind,
     set_by<&ProcessSpec::capabilities, read_capabilities>},
    {kProcessTable, "stdin", "word", "", kAnyKind, set<&ProcessSpec::standard_input>},
    {kProcessTable, "tty", "absolute path", "", kAnyKind, set_by<&ProcessSpec::tty, absolute_path>},
    {kProcessTable, "directories", "array of tables", "[]", kAnyKind, directories},
    {kCondition, "env", "variable or table of variables", "", kAnyUnit,
     set_by<&StartCondition::env, read_condition_env>},
    {kCondition, "path_exists", "absolute path", "", kAnyUnit,
     set_by<&StartCondition::path_exists, absolute_path>},
    {kCondition, "path_missing", "absolute path", "", kAnyUnit,
     set_by<&StartCondition::path_missing, absolute_path>},
    {kProcessTable, "cpu_weight", "number", "", kAnyKind,
     set_by<&ProcessSpec::cpu_weight, read_cpu_weight>},
    {kProcessTable, "pids_max", "number", "", kAnyKind, set_by<&ProcessSpec::pids_max, count>},
    {kDirectory, "path", "absolute path", "", kAnyKind,
     set_by<&DirectorySpec::path, absolute_path>},
    {kDirectory, "user", "user", "", kAnyKind, set<&DirectorySpec::user>},
    {kDirectory, "group", "group", "", kAnyKind, set<&DirectorySpec::group>},
    {kDirectory, "mode", "octal digits", "\"0755\"", kAnyKind, set_by<&DirectorySpec::mode, octal>},
    {kDirectory, "recursive", "boolean", "false", kAnyKind, set<&DirectorySpec::recursive>},

    {kMemoryTable, "limit", "size", "", kAnyKind, set_by<&MemorySpec::limit, read_memory_size>},
    {kMemoryTable, "high", "size", "", kAnyKind, set_by<&MemorySpec::high, read_memory_size>},
    {kMemoryTable, "on_high", "word", "\"log\"", kAnyKind, set<&MemorySpec::on_high>},
    {kMemoryTable, "allocator", "word", "", kAnyKind, set<&MemorySpec::allocator>},
    {kMemoryTable, "allocator_conf", "string", "\"\"", kAnyKind, set<&MemorySpec::allocator_conf>},
    {kMemoryTable, "arenas", "number", "", kAnyKind, set_by<&MemorySpec::arenas, count>},
    {kMemoryTable, "huge_pages", "word", "\"system\"", kAnyKind, set<&MemorySpec::huge_pages>},
    {kMemoryTable, "merge", "boolean", "false", kAnyKind, set<&MemorySpec::merge>},

    {"[log]", "format", "word", "\"prefix\"", kAnyKind, set<&LogSpec::format>},
    {"[log]", "buffer", "size", "\"16K\"", kAnyKind, set<&LogSpec::buffer>},
    {"[log]", "on_stall", "word", "\"drop\"", kAnyKind, set<&LogSpec::on_stall>},
    {"[log]", "file", "absolute path", "", kAnyKind, set_by<&LogSpec::file, absolute_path>},
    {"[log]", "rotate_size", "size", "\"10M\"", kAnyKind, set<&LogSpec::rotate_size>},
    {"[log]", "rotate_keep", "number", "5", kAnyKind,
     set_by<&LogSpec::rotate_keep, read_rotate_keep>},
    {"[log]", "socket", "absolute path", "", kBerthToml,
     set_by<&BerthConfig::log_socket, absolute_path>},
    {"[log]", "buffers", "size", "\"1M\"", kBerthToml, set<&BerthConfig::log_buffers>},
    {"[log]", "level", "word", "\"info\"", kBerthToml, set_by<&BerthConfig::log_level, log_level>},

    {"[proxy]", "listen", "address or list of addresses", "", kProxy, set<&ProxySpec::listen>},
    {"[proxy]", "user", "user", "", kProxy, set<&ProcessSpec::user>},
    {"[proxy]", "trust_proxy", "list of networks", "[]", kProxy, set<&ProxySpec::trust_proxy>},
    {"[proxy]", "header", "duration", "\"10s\"", kProxy,
     set_by<&ProxySpec::header_timeout, positive>},
    {"[proxy]", "idle", "duration", "\"1m\"", kProxy, set_by<&ProxySpec::idle_timeout, positive>},
    {"[proxy]", "upstream", "duration", "\"1m\"", kProxy,
     set_by<&ProxySpec::upstream_timeout, positive>},
    {"[proxy]", "max_body", "size", "0", kProxy, set<&ProxySpec::max_body>},
    {"[proxy]", "max_connections", "number", "10000", kProxy,
     set_by<&ProxySpec::max_connections, at_least_one>},
    {"[proxy]", "maintenance", "table", "", kProxy, within_proxy<kMaintenance>},
    {"[proxy]", "health", "table", "", kProxy, within_proxy<kHealth>},
    {"[proxy]", "static", "table", "", kProxy, within_proxy<kStatic>},
    {"[proxy]", "auth", "table", "", kProxy, within_proxy<kAuth>},
    {"[proxy]", "route", "array of tables", "", kProxy, routes},
    {"[proxy]", "log", "table", "", kProxy, within_proxy<kAccessLog>},
    {kMaintenance, "until", "job name", "", kProxy,
     names_unit<&ProxySpec::maintenance_until, Relation::until>},
    {kMaintenance, "enabled", "boolean", "false", kProxy, set<&ProxySpec::maintenance_enabled>},
    {kMaintenance, "page", "path", "", kProxy,
     set_by<&ProxySpec::maintenance_page, read_relative_path>},
    {kMaintenance, "retry_after", "duration", "\"5s\"", kProxy,
     set_by<&ProxySpec::retry_after, positive>},
    {kHealth, "path", "URL path", "", kProxy, set_by<&ProxySpec::health_path, read_url_path>},
    {kHealth, "body", "string", "\"ok\\n\"", kProxy, set<&ProxySpec::health_body>},
    {kStatic, "root", "absolute path", "", kProxy, set_by<&ProxySpec::static_root, absolute_path>},
    {kStatic, "prefix", "URL path", "", kProxy, set_by<&ProxySpec::static_prefix, read_url_path>},
    {kStatic, "extensions", "list of extensions", "[]", kProxy,
     set_by<&ProxySpec::static_extensions, read_extensions>},
    {kStatic, "cache", "array of tables", "[]", kProxy, cache_rules},
    {kCacheRule, "path", "URL path", "", kProxy, set_by<&CacheRule::path, read_url_path>},
    {kCacheRule, "max_age", "duration", "\"0\"", kProxy, set<&CacheRule::max_age>},
    {kCacheRule, "immutable", "boolean", "false", kProxy, set<&CacheRule::immutable>},
    {kAuth, "htpasswd", "absolute path", "", kProxy,
     set_by<&ProxySpec::auth_htpasswd, absolute_path>},
    {kAuth, "realm", "string", "\"Restricted\"", kProxy, set<&ProxySpec::auth_realm>},
    {kAuth, "public", "list of paths", "[]", kProxy,
     set_by<&ProxySpec::auth_public, read_public_paths>},
    {kRoute, "prefix", "URL path", "", kProxy, set_by<&RouteSpec::prefix, read_url_path>},
    {kRoute, "unit", "unit name", "", kProxy, names_unit<&RouteSpec::unit, Relation::route>},
    {kRoute, "to", "URL path", "", kProxy, set_by<&RouteSpec::to, read_url_path>},
    {kRoute, "websocket", "boolean", "true", kProxy, set<&RouteSpec::websocket>},
    {kRoute, "methods", "list of HTTP methods", "[]", kProxy,
     set_by<&RouteSpec::methods, read_methods>},
    {kAccessLog, "format", "word", "\"json\"", kProxy, set<&ProxySpec::access_log>},

    {kInstanceTable, "template", "template name", "", kAnyUnit, read_before},
    {kInstanceTable, "name", "instance name", "", kAnyUnit, read_before},
    {kInstanceTable, "vars", "table of values", "{}", kAnyUnit, read_before},
    {kInstanceTable, "env", "table of variables", "{}", kAnyUnit,
     set_by<&ProcessSpec::env, read_environment>},

    {"[shutdown]", "timeout", "duration", "\"9s\"", kBerthToml,
     set<&BerthConfig::shutdown_timeout>},
    {"[shutdown]", "after_stop", "duration", "\"0\"", kBerthToml,
     set<&BerthConfig::shutdown_after_stop>},
    {"[shutdown]", "state", "absolute path", "", kBerthToml,
     set_by<&BerthConfig::state_folder, absolute_path>},
    {kTopTable, "max_running", "number", "0", kBerthToml, set<&BerthConfig::max_running>},
    {kTopTable, "max_starting", "number", "0", kBerthToml, set<&BerthConfig::max_starting>},
});

}  // namespace

std::span<const Key> all_keys() {
  return kKeys;
}

}  // namespace berth
