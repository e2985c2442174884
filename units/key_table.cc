// The rows of the table of keys.
#include <array>

#include "units/keys.h"
#include "units/special_values.h"

namespace berth {
namespace {

using Relation = UnitReference::Relation;

// Where a key's value goes, for the keys that need no more than the reader of their type.
template <auto Member>
void config(Value& value, Draft& draft) {
  value.read(draft.config.*Member);
}
template <auto Member>
void info(Value& value, Draft& draft) {
  value.read(draft.unit.info.*Member);
}
template <auto Member>
void service(Value& value, Draft& draft) {
  value.read(draft.unit.service.*Member);
}
template <auto Member>
void job(Value& value, Draft& draft) {
  value.read((*draft.unit.job).*Member);
}
template <auto Member>
void tenant(Value& value, Draft& draft) {
  value.read((*draft.unit.tenant).*Member);
}
template <auto Member>
void process(Value& value, Draft& draft) {
  value.read(draft.unit.process.*Member);
}
template <auto Member>
void proxy(Value& value, Draft& draft) {
  value.read((*draft.unit.proxy).*Member);
}
/// The same for members that are not read by their type alone.
template <auto Member, auto Read>
void proxy_by(Value& value, Draft& draft) {
  Read(value, (*draft.unit.proxy).*Member);
}
template <auto Member, auto Read>
void tenant_by(Value& value, Draft& draft) {
  Read(value, (*draft.unit.tenant).*Member);
}
template <auto Member, auto Read>
void process_by(Value& value, Draft& draft) {
  Read(value, draft.unit.process.*Member);
}
template <auto Read>
void ready(Value& value, Draft& draft) {
  Read(value, draft.unit.service.ready);
}
template <auto Member, Relation relation>
void units(Value& value, Draft& draft) {
  value.unit_names(draft.unit.info.*Member, relation);
}
/// Counts: "0 = no limit" and the like stand in the key's own description.
template <auto Member>
void tenant_count(Value& value, Draft& draft) {
  value.number((*draft.unit.tenant).*Member);
}
template <auto Member>
void config_count(Value& value, Draft& draft) {
  value.number(draft.config.*Member);
}
void absolute_path(Value& value, std::string& out) {
  value.absolute_path(out);
}
void positive(Value& value, Milliseconds& out) {
  value.positive_duration(out);
}
void some_count(Value& value, std::uint32_t& out) {
  value.number(out, 1);
}

/// A table within the kind's own: its keys go to the same draft.
void sub_table(Value& value, Draft& draft, std::string_view table, Kinds kinds) {
  if (value.node().table() == nullptr) {
    value.mismatch(value.node(), "a table");
  } else if (applies(value.node(), table, kinds, value.reading())) {
    read_members(value.node(), table, kinds, draft, value.reading());
  }
}

/// An array of tables: each entry is appended to `list` empty, and the keys of `table` fill it.
template <typename T>
void entries(Value& value, Draft& draft, std::vector<T>& list, std::string_view table, Kinds kinds,
             std::initializer_list<std::string_view> needed) {
  list.clear();
  const bool is_empty = value.node().array() != nullptr && value.node().array()->empty();
  if (!is_empty && !is_array_of_tables(value.node())) {
    value.mismatch(value.node(), "an array of tables");
    return;
  }
  for (const Node& entry : *value.node().array()) {
    if (applies(entry, table, kinds, value.reading())) {
      list.emplace_back();
      check_needed(entry, table, needed, value.reading());
      read_members(entry, table, kinds, draft, value.reading());
    }
  }
}

CacheRule& last_cache_rule(Draft& draft) {
  return draft.unit.proxy->cache.back();
}
RouteSpec& last_route(Draft& draft) {
  return draft.unit.proxy->routes.back();
}
DirectorySpec& last_directory(Draft& draft) {
  return draft.unit.process.directories.back();
}

void read_ready(Value& value, Draft& draft) {
  ReadyCheck& ready = draft.unit.service.ready;
  ready = ReadyCheck{};
  int ways = 0;
  for (const std::string_view way : {"http", "tcp", "unix", "file"}) {
    ways += value.node().find(way) != nullptr ? 1 : 0;
  }
  if (ways != 1) {
    value.mismatch(value.node(), "a table with exactly one of http, tcp, unix and file", "", "");
    return;
  }
  read_members(value.node(), "ready", kAnyKind, draft, value.reading());
}

void nothing(Value&, Draft&) {}

constexpr Kinds kRunning = kService | kTenant | kProxy;
constexpr Kinds kCommanded = kService | kTenant;
constexpr Kinds kStopped = kService | kJob | kTenant;

constexpr auto kKeys = std::to_array<Key>({
{"[unit]", "description", "string", "\"\"", kAnyUnit, info<&UnitInfo::description>},
{"[unit]", "documentation", "list of URIs", "[]", kAnyUnit, info<&UnitInfo::documentation>},
{"[unit]", "requires", "list of unit names", "[]", kAnyUnit, units<&UnitInfo::requires_units, Relation::requires_unit>},
{"[unit]", "wants", "list of unit names", "[]", kAnyUnit, units<&UnitInfo::wants, Relation::wants>},
{"[unit]", "after", "list of unit names", "[]", kAnyUnit, units<&UnitInfo::after, Relation::after>},
{"[unit]", "before", "list of unit names", "[]", kAnyUnit, units<&UnitInfo::before, Relation::before>},
{"[unit]", "start", "word", "\"boot\"", kAnyUnit, [](Value& v, Draft& d) { v.choice<StartWhen>(d.unit.info.start, {{"boot", StartWhen::boot}, {"demand", StartWhen::demand}, {"manual", StartWhen::manual}}); }},

{"[service]", "command", "command", "", kCommanded, service<&ServiceSpec::command>},
{"[service]", "address", "address", "", kCommanded, service<&ServiceSpec::address>},
{"[service]", "ready", "table", "", kCommanded, read_ready},
{"[service]", "restart", "word", "\"on-failure\"", kRunning, [](Value& v, Draft& d) { v.choice<Restart>(d.unit.service.restart, {{"on-failure", Restart::on_failure}, {"always", Restart::always}, {"never", Restart::never}}); }},
{"[service]", "restart_delay", "duration", "\"100ms\"", kRunning, service<&ServiceSpec::restart_delay>},
{"[service]", "restart_delay_max", "duration", "\"30s\"", kRunning, service<&ServiceSpec::restart_delay_max>},
{"[service]", "restart_limit", "number", "5", kRunning, [](Value& v, Draft& d) { v.number(d.unit.service.restart_limit); }},
{"[service]", "restart_window", "duration", "\"1m\"", kRunning, [](Value& v, Draft& d) { v.positive_duration(d.unit.service.restart_window); }},
{"[service]", "before_start", "list of commands", "[]", kCommanded, service<&ServiceSpec::before_start>},
{"[service]", "after_start", "list of commands", "[]", kCommanded, service<&ServiceSpec::after_start>},
{"[service]", "after_stop", "list of commands", "[]", kCommanded, service<&ServiceSpec::after_stop>},
{"[service]", "stop_signal", "signal", "\"SIGTERM\"", kStopped, [](Value& v, Draft& d) { v.signal(d.unit.service.stop_signal); }},
{"[service]", "stop_timeout", "duration", "\"10s\"", kAnyUnit, service<&ServiceSpec::stop_timeout>},
{"[service]", "reload_signal", "signal", "", kCommanded, [](Value& v, Draft& d) { v.signal(d.unit.service.reload_signal); }},
{"[service]", "reload_command", "command", "", kCommanded, service<&ServiceSpec::reload_command>},
{"[service]", "success_exit", "list of exit codes and signals", "[]", kStopped, [](Value& v, Draft& d) { read_success_exit(v, d.unit.service); }},

{"[job]", "command", "command", "", kJob, [](Value& v, Draft& d) { d.unit.job->steps.assign(1, Command{}); v.read(d.unit.job->steps.front()); }},
{"[job]", "steps", "list of commands", "", kJob, job<&JobSpec::steps>},
{"[job]", "timeout", "duration", "\"5m\"", kJob, [](Value& v, Draft& d) { v.positive_duration(d.unit.job->timeout); }},
{"[job]", "reload", "boolean", "false", kJob, job<&JobSpec::reload>},
{"[job]", "on", "word, or a list of them", "\"boot\"", kJob, [](Value& v, Draft& d) { read_triggers(v, *d.unit.job); }},

{"[tenant]", "path", "URL prefix", "\"/${instance}/\"", kTenant, tenant_by<&TenantSpec::path, read_url_prefix>},
{"[tenant]", "hosts", "list of host names", "[]", kTenant, tenant_by<&TenantSpec::hosts, read_hosts>},
{"[tenant]", "endpoint", "word", "\"port\"", kTenant, [](Value& v, Draft& d) { v.choice<Endpoint>(d.unit.tenant->endpoint, {{"port", Endpoint::port}, {"socket", Endpoint::socket}, {"activated", Endpoint::activated}}); }},
{"[tenant]", "ports", "range of ports", "\"4000-4999\"", kTenant, [](Value& v, Draft& d) { read_port_range(v, *d.unit.tenant); }},
{"[tenant]", "vars", "list of names", "[]", kStopped, [](Value& v, Draft& d) { v.read(d.vars); }},
{"[tenant]", "idle_timeout", "duration", "\"5m\"", kTenant, tenant<&TenantSpec::idle_timeout>},
{"[tenant]", "count_websockets", "boolean", "true", kTenant, tenant<&TenantSpec::count_websockets>},
{"[tenant]", "hold", "duration", "\"5s\"", kTenant, tenant<&TenantSpec::hold>},
{"[tenant]", "queue", "number", "128", kTenant, tenant_count<&TenantSpec::queue>},
{"[tenant]", "max_running", "number", "0", kTenant, tenant_count<&TenantSpec::max_running>},
{"[tenant]", "max_starting", "number", "0", kTenant, tenant_count<&TenantSpec::max_starting>},
{"[tenant]", "public", "list of paths", "[]", kTenant, tenant_by<&TenantSpec::public_paths, read_public_paths>},
{"[tenant]", "auth", "boolean", "true", kTenant, tenant<&TenantSpec::auth>},
{"[tenant]", "proxy", "unit name", "", kTenant, [](Value& v, Draft& d) { v.unit_name(d.unit.tenant->proxy, Relation::proxy); }},

{"ready", "http", "path or URL", "", kAnyKind, ready<read_ready_http>},
{"ready", "status", "HTTP statuses", "\"2xx,3xx\"", kAnyKind, ready<read_ready_status>},
{"ready", "tcp", "address", "", kAnyKind, ready<read_ready_tcp>},
{"ready", "unix", "path", "", kAnyKind, ready<read_ready_unix>},
{"ready", "file", "path", "", kAnyKind, ready<read_ready_file>},
{"ready", "timeout", "duration", "\"30s\"", kAnyKind, [](Value& v, Draft& d) { v.positive_duration(d.unit.service.ready.timeout); }},
{"ready", "interval", "duration", "\"0\"", kAnyKind, [](Value& v, Draft& d) { v.read(d.unit.service.ready.interval); }},

{kCommandTable, "command", "command", "", kAnyKind, [](Value& v, Draft& d) { v.read(d.command); }},
{kCommandTable, "timeout", "duration", "", kAnyKind, [](Value& v, Draft& d) { v.positive_duration(d.command.timeout); }},
{kCommandTable, "user", "user", "", kAnyKind, [](Value& v, Draft& d) { v.read(d.command.user); }},

{kProcessTable, "user", "user", "", kAnyKind, process<&ProcessSpec::user>},
{kProcessTable, "group", "group", "", kAnyKind, process<&ProcessSpec::group>},
{kProcessTable, "groups", "list of groups", "[]", kAnyKind, process<&ProcessSpec::groups>},
{kProcessTable, "working_directory", "absolute path", "\"/\"", kAnyKind, process_by<&ProcessSpec::working_directory, absolute_path>},
{kProcessTable, "env", "table of variables", "{}", kAnyKind, process_by<&ProcessSpec::env, read_environment>},
{kProcessTable, "inherit_env", "boolean, or list of names", "true", kAnyKind, process_by<&ProcessSpec::inherit_env, read_inherit_env>},
{kProcessTable, "umask", "octal digits", "", kAnyKind, [](Value& v, Draft& d) { v.octal(d.unit.process.umask.emplace()); }},
{kProcessTable, "oom_score_adj", "number", "", kAnyKind, [](Value& v, Draft& d) { v.number(d.unit.process.oom_score_adj.emplace(), -1000, 1000); }},
{kProcessTable, "limits", "table of limits", "{}", kAnyKind, process_by<&ProcessSpec::limits, read_limits>},
{kProcessTable, "nice", "number", "", kAnyKind, [](Value& v, Draft& d) { v.number(d.unit.process.nice.emplace(), -20, 19); }},
{kProcessTable, "no_new_privileges", "boolean", "true", kAnyKind, process<&ProcessSpec::no_new_privileges>},
{kProcessTable, "directories", "array of tables", "[]", kAnyKind, [](Value& v, Draft& d) { entries(v, d, d.unit.process.directories, "[[process.directories]]", kAnyKind, {"path"}); }},
{"[[process.directories]]", "path", "absolute path", "", kAnyKind, [](Value& v, Draft& d) { v.absolute_path(last_directory(d).path); }},
{"[[process.directories]]", "user", "user", "", kAnyKind, [](Value& v, Draft& d) { v.read(last_directory(d).user); }},
{"[[process.directories]]", "group", "group", "", kAnyKind, [](Value& v, Draft& d) { v.read(last_directory(d).group); }},
{"[[process.directories]]", "mode", "octal digits", "\"0755\"", kAnyKind, [](Value& v, Draft& d) { v.octal(last_directory(d).mode); }},

{"[log]", "format", "word", "\"prefix\"", kAnyKind, [](Value& v, Draft& d) { v.choice<LogFormat>(d.unit.log.format, {{"prefix", LogFormat::prefix}, {"json", LogFormat::json}, {"raw", LogFormat::raw}, {"none", LogFormat::none}}); }},
{"[log]", "buffer", "size", "\"16K\"", kAnyKind, [](Value& v, Draft& d) { v.read(d.unit.log.buffer); }},
{"[log]", "level", "word", "\"info\"", kBerthToml, [](Value& v, Draft& d) { v.word(d.config.log_level, {"error", "warning", "info", "debug"}); }},

{"[proxy]", "listen", "address, or list of addresses", "", kProxy, proxy<&ProxySpec::listen>},
{"[proxy]", "user", "user", "", kProxy, process<&ProcessSpec::user>},
{"[proxy]", "trust_proxy", "list of networks", "[]", kProxy, proxy<&ProxySpec::trust_proxy>},
{"[proxy]", "header", "duration", "\"10s\"", kProxy, proxy_by<&ProxySpec::header_timeout, positive>},
{"[proxy]", "idle", "duration", "\"1m\"", kProxy, proxy_by<&ProxySpec::idle_timeout, positive>},
{"[proxy]", "upstream", "duration", "\"1m\"", kProxy, proxy_by<&ProxySpec::upstream_timeout, positive>},
{"[proxy]", "max_body", "size", "0", kProxy, proxy<&ProxySpec::max_body>},
{"[proxy]", "max_connections", "number", "10000", kProxy, proxy_by<&ProxySpec::max_connections, some_count>},
{"[proxy]", "maintenance", "table", "", kProxy, [](Value& v, Draft& d) { sub_table(v, d, "[proxy.maintenance]", kProxy); }},
{"[proxy]", "health", "table", "", kProxy, [](Value& v, Draft& d) { sub_table(v, d, "[proxy.health]", kProxy); }},
{"[proxy]", "static", "table", "", kProxy, [](Value& v, Draft& d) { sub_table(v, d, "[proxy.static]", kProxy); }},
{"[proxy]", "auth", "table", "", kProxy, [](Value& v, Draft& d) { sub_table(v, d, "[proxy.auth]", kProxy); }},
{"[proxy]", "route", "array of tables", "", kProxy, [](Value& v, Draft& d) { entries(v, d, d.unit.proxy->routes, "[[proxy.route]]", kProxy, {"prefix", "unit"}); }},
{"[proxy]", "log", "table", "", kProxy, [](Value& v, Draft& d) { sub_table(v, d, "[proxy.log]", kProxy); }},
{"[proxy.maintenance]", "until", "job name", "", kProxy, [](Value& v, Draft& d) { v.unit_name(d.unit.proxy->maintenance_until, Relation::until); }},
{"[proxy.maintenance]", "enabled", "boolean", "false", kProxy, proxy<&ProxySpec::maintenance_enabled>},
{"[proxy.maintenance]", "page", "path", "", kProxy, proxy_by<&ProxySpec::maintenance_page, read_relative_path>},
{"[proxy.maintenance]", "retry_after", "duration", "\"5s\"", kProxy, proxy_by<&ProxySpec::retry_after, positive>},
{"[proxy.health]", "path", "URL path", "", kProxy, proxy_by<&ProxySpec::health_path, read_url_path>},
{"[proxy.health]", "body", "string", "\"ok\\n\"", kProxy, proxy<&ProxySpec::health_body>},
{"[proxy.static]", "root", "absolute path", "", kProxy, proxy_by<&ProxySpec::static_root, absolute_path>},
{"[proxy.static]", "prefix", "URL path", "", kProxy, proxy_by<&ProxySpec::static_prefix, read_url_path>},
{"[proxy.static]", "extensions", "list of extensions", "[]", kProxy, proxy_by<&ProxySpec::static_extensions, read_extensions>},
{"[proxy.static]", "cache", "array of tables", "[]", kProxy, [](Value& v, Draft& d) { entries(v, d, d.unit.proxy->cache, "[[proxy.static.cache]]", kProxy, {"path"}); }},
{"[[proxy.static.cache]]", "path", "URL path", "", kProxy, [](Value& v, Draft& d) { read_url_path(v, last_cache_rule(d).path); }},
{"[[proxy.static.cache]]", "max_age", "duration", "\"0\"", kProxy, [](Value& v, Draft& d) { v.read(last_cache_rule(d).max_age); }},
{"[[proxy.static.cache]]", "immutable", "boolean", "false", kProxy, [](Value& v, Draft& d) { v.read(last_cache_rule(d).immutable); }},
{"[proxy.auth]", "htpasswd", "absolute path", "", kProxy, proxy_by<&ProxySpec::auth_htpasswd, absolute_path>},
{"[proxy.auth]", "realm", "string", "\"Restricted\"", kProxy, proxy<&ProxySpec::auth_realm>},
{"[proxy.auth]", "public", "list of paths", "[]", kProxy, proxy_by<&ProxySpec::auth_public, read_public_paths>},
{"[[proxy.route]]", "prefix", "URL path", "", kProxy, [](Value& v, Draft& d) { read_url_path(v, last_route(d).prefix); }},
{"[[proxy.route]]", "unit", "unit name", "", kProxy, [](Value& v, Draft& d) { v.unit_name(last_route(d).unit, Relation::route); }},
{"[[proxy.route]]", "to", "URL path", "", kProxy, [](Value& v, Draft& d) { read_url_path(v, last_route(d).to); }},
{"[[proxy.route]]", "websocket", "boolean", "true", kProxy, [](Value& v, Draft& d) { v.read(last_route(d).websocket); }},
{"[[proxy.route]]", "methods", "list of HTTP methods", "[]", kProxy, [](Value& v, Draft& d) { read_methods(v, last_route(d).methods); }},
{"[proxy.log]", "format", "word", "\"json\"", kProxy, [](Value& v, Draft& d) { v.choice<AccessLog>(d.unit.proxy->access_log, {{"none", AccessLog::none}, {"json", AccessLog::json}, {"combined", AccessLog::combined}}); }},

// collect_instances() and instantiate() read these four.
{kInstanceTable, "template", "template name", "", kAnyUnit, nothing},
{kInstanceTable, "name", "instance name", "", kAnyUnit, nothing},
{kInstanceTable, "vars", "table of values", "{}", kAnyUnit, nothing},
{kInstanceTable, "env", "table of variables", "{}", kAnyUnit, process_by<&ProcessSpec::env, read_environment>},

{"[shutdown]", "timeout", "duration", "\"9s\"", kBerthToml, config<&BerthConfig::shutdown_timeout>},
{"[shutdown]", "after_stop", "duration", "\"0\"", kBerthToml, config<&BerthConfig::shutdown_after_stop>},
{kTopTable, "max_running", "number", "0", kBerthToml, config_count<&BerthConfig::max_running>},
{kTopTable, "max_starting", "number", "0", kBerthToml, config_count<&BerthConfig::max_starting>},
});

}  // namespace

std::span<const Key> all_keys() {
  return kKeys;
}

}  // namespace berth
