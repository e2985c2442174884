// The keys of [proxy] and of the tables within it.
#include <array>

#include "units/key_rows.h"
#include "units/regex_syntax.h"
#include "units/route_values.h"

namespace berth {
namespace {

using Relation = UnitReference::Relation;

constexpr std::string_view kTls = "[proxy.tls]";
constexpr std::string_view kMaintenance = "[proxy.maintenance]";
constexpr std::string_view kHealth = "[proxy.health]";
constexpr std::string_view kStatic = "[proxy.static]";
constexpr std::string_view kCacheRule = "[[proxy.static.cache]]";
constexpr std::string_view kAuth = "[proxy.auth]";
constexpr std::string_view kRedirect = "[[proxy.redirect]]";
constexpr std::string_view kRewrite = "[[proxy.rewrite]]";
constexpr std::string_view kAuthPattern = "[[proxy.auth.pattern]]";
constexpr std::string_view kReplay = "[[proxy.replay]]";
constexpr std::string_view kBots = "[proxy.bots]";
constexpr std::string_view kRoute = "[[proxy.route]]";
constexpr std::string_view kCompress = "[proxy.compress]";
constexpr std::string_view kAccessLog = "[proxy.log]";
constexpr std::string_view kMetrics = "[proxy.metrics]";
constexpr std::string_view kIdle = "[proxy.idle]";
constexpr std::string_view kSticky = "[proxy.sticky]";

/// A table within [proxy]: its keys go to the same draft.
template <const std::string_view& table>
void within_proxy(Value& value, Draft& draft) {
  if (value.node().table() == nullptr) {
    value.mismatch(value.node(), "a table");
  } else if (applies(value.node(), table, kProxy, value.reading())) {
    read_members(value.node(), table, kProxy, draft, value.reading());
  }
}
void tls(Value& value, Draft& draft) {
  if (value.node().table() != nullptr && holds(value.node(), kTls, value.reading()))
    check_needed(value.node(), kTls, {"certificate", "key"}, value.reading());
  within_proxy<kTls>(value, draft);
}
void sticky(Value& value, Draft& draft) {
  if (value.node().table() != nullptr && holds(value.node(), kSticky, value.reading()))
    check_needed(value.node(), kSticky, {"cookie"}, value.reading());
  within_proxy<kSticky>(value, draft);
}
/// Of connections, as a duration, or also of the machine, as a table.
void idle(Value& value, Draft& draft) {
  if (value.node().table() == nullptr) {
    value.positive_duration(draft.unit.proxy->idle_timeout);
  } else {
    if (holds(value.node(), kIdle, value.reading()))
      check_needed(value.node(), kIdle, {"timeout"}, value.reading());
    within_proxy<kIdle>(value, draft);
  }
}
/// "stdout", or a file of its own.
void read_log_place(Value& value, std::string& out) {
  constexpr std::string_view what = "\"stdout\" or an absolute path";
  auto text = value.text_of(value.node(), what);
  if (text && *text != "stdout" && !text->starts_with('/')) {
    value.mismatch(value.node(), what, *text, "");
  } else if (text) {
    out = *std::move(text);
  }
}
/// The table alone switches it on.
void compress(Value& value, Draft& draft) {
  if (value.node().table() == nullptr) {
    value.mismatch(value.node(), "a table");
  } else if (applies(value.node(), kCompress, kProxy, value.reading())) {
    draft.unit.proxy->compress = true;
    read_members(value.node(), kCompress, kProxy, draft, value.reading());
  }
}
void cache_rules(Value& value, Draft& draft) {
  entries(value, draft, draft.unit.proxy->cache, kCacheRule, {"path"});
}
/// Complains if `text` refers to a group that `regex` does not have.
void check_references(const Node& entry, std::string_view table, std::string_view key,
                      const std::string& regex, const std::string& text, Reading& reading) {
  const auto groups = count_groups(regex);
  const int highest = highest_reference(text);
  if (groups && highest > *groups) {
    const Member* member = entry.find(key);
    reading.errors.add(
        member == nullptr ? entry.at : member->value.at, reading.unit,
        "\"" + std::string(key) + "\" in " + std::string(table) + " has $" +
            std::to_string(highest) + ", but there " +
            (*groups == 0   ? "is no group in the regex"
             : *groups == 1 ? "is one group in the regex"
                            : "are " + std::to_string(*groups) + " groups in the regex"));
  }
}
void redirects(Value& value, Draft& draft) {
  auto& list = draft.unit.proxy->redirects;
  entries(value, draft, list, kRedirect, {"from", "to"}, [&](const Node& entry) {
    check_references(entry, kRedirect, "to", list.back().from, list.back().to, value.reading());
  });
}
void rewrites(Value& value, Draft& draft) {
  auto& list = draft.unit.proxy->rewrites;
  entries(value, draft, list, kRewrite, {"from", "to"}, [&](const Node& entry) {
    check_references(entry, kRewrite, "to", list.back().from, list.back().to, value.reading());
  });
}
/// A job is told the request as it is.
void check_job_route(const Node& entry, const RouteSpec& route, Reading& reading) {
  if (route.job.empty()) {
    return;
  }
  for (const std::string_view key : {"to", "strip", "headers", "websocket"}) {
    if (const Member* member = entry.find(key)) {
      reading.errors.add(member->key_at, reading.unit,
                         "\"" + std::string(key) + "\" in [[proxy.route]] means nothing to a job");
    }
  }
}
void routes(Value& value, Draft& draft) {
  auto& list = draft.unit.proxy->routes;
  entries(value, draft, list, kRoute, {}, [&](const Node& entry) {
    check_choice(entry, kRoute, {"prefix", "path"}, value.reading());
    check_choice(entry, kRoute, {"unit", "target", "job"}, value.reading());
    const RouteSpec& route = list.back();
    check_references(entry, kRoute, route.unit.empty() ? "target" : "to", route.path,
                     route.path_template(), value.reading());
    check_job_route(entry, route, value.reading());
  });
}

void auth_patterns(Value& value, Draft& draft) {
  entries(value, draft, draft.unit.proxy->auth_patterns, kAuthPattern, {"pattern", "action"});
}
void auth_action(Value& value, bool& out) {
  value.choice<bool>(out, {{"off", false}, {"on", true}});
}
void replays(Value& value, Draft& draft) {
  auto& list = draft.unit.proxy->replays;
  entries(value, draft, list, kReplay, {"path"}, [&](const Node& entry) {
    const ReplaySpec& rule = list.back();
    if (rule.region.empty() && rule.app.empty() && rule.machine.empty())
      value.reading().errors.add(entry.at, value.reading().unit,
                                 "[[proxy.replay]] needs one of \"region\", \"app\" and "
                                 "\"machine\"");
    for (const auto& [key, text] : {std::pair("region", &rule.region), std::pair("app", &rule.app),
                                    std::pair("machine", &rule.machine)})
      check_references(entry, kReplay, key, rule.path, *text, value.reading());
  });
}
void replay_status(Value& value, std::uint32_t& out) {
  constexpr std::int64_t kLeast = 200;
  constexpr std::int64_t kMost = 599;
  value.number(out, kLeast, kMost);
}

constexpr auto kKeys = std::to_array<Key>({
    {"[proxy]", "listen", "address or list of addresses", "", kProxy, set<&ProxySpec::listen>},
    {"[proxy]", "user", "user", "", kProxy, set<&ProcessSpec::user>},
    {"[proxy]", "trust_proxy", "list of networks", "[]", kProxy, set<&ProxySpec::trust_proxy>},
    {"[proxy]", "header", "duration", "\"10s\"", kProxy,
     set_by<&ProxySpec::header_timeout, positive>},
    {"[proxy]", "idle", "duration or table", "\"1m\"", kProxy, idle},
    {"[proxy]", "upstream", "duration", "\"1m\"", kProxy,
     set_by<&ProxySpec::upstream_timeout, positive>},
    {"[proxy]", "max_body", "size", "0", kProxy, set<&ProxySpec::max_body>},
    {"[proxy]", "max_connections", "number", "10000", kProxy,
     set_by<&ProxySpec::max_connections, at_least_one>},
    {"[proxy]", "max_connections_per_address", "number", "0", kProxy,
     set<&ProxySpec::max_connections_per_address>},
    {"[proxy]", "tls", "table", "", kProxy, tls},
    {"[proxy]", "maintenance", "table", "", kProxy, within_proxy<kMaintenance>},
    {"[proxy]", "health", "table", "", kProxy, within_proxy<kHealth>},
    {"[proxy]", "static", "table", "", kProxy, within_proxy<kStatic>},
    {"[proxy]", "auth", "table", "", kProxy, within_proxy<kAuth>},
    {"[proxy]", "redirect", "array of tables", "", kProxy, redirects},
    {"[proxy]", "rewrite", "array of tables", "", kProxy, rewrites},
    {"[proxy]", "route", "array of tables", "", kProxy, routes},
    {"[proxy]", "region", "string", "", kProxy, set<&ProxySpec::region>},
    {"[proxy]", "app", "string", "", kProxy, set<&ProxySpec::app>},
    {"[proxy]", "replay", "array of tables", "", kProxy, replays},
    {"[proxy]", "server_timing", "boolean", "false", kProxy, set<&ProxySpec::server_timing>},
    {"[proxy]", "bots", "table", "", kProxy, within_proxy<kBots>},
    {"[proxy]", "metrics", "table", "", kProxy, within_proxy<kMetrics>},
    {"[proxy]", "sticky", "table", "", kProxy, sticky},
    {"[proxy]", "compress", "table", "", kProxy, compress},
    {"[proxy]", "log", "table", "", kProxy, within_proxy<kAccessLog>},

    {kTls, "certificate", "absolute path", "", kProxy,
     set_by<&TlsSpec::certificate, absolute_path>},
    {kTls, "key", "absolute path", "", kProxy, set_by<&TlsSpec::key, absolute_path>},
    {kTls, "listen", "address or list of addresses", "", kProxy, set<&TlsSpec::listen>},
    {kTls, "http2", "boolean", "true", kProxy, set<&TlsSpec::http2>},
    {kMaintenance, "until", "job name", "", kProxy,
     names_unit<&ProxySpec::maintenance_until, Relation::until>},
    {kMaintenance, "until_resume", "boolean", "false", kProxy,
     set<&ProxySpec::maintenance_until_resume>},
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
    {kStatic, "try_files", "list of file names and endings", "[]", kProxy,
     set_by<&ProxySpec::try_files, read_try_files>},
    {kStatic, "trailing_slash", "boolean", "false", kProxy, set<&ProxySpec::trailing_slash>},
    {kStatic, "precompressed", "boolean", "false", kProxy, set<&ProxySpec::precompressed>},
    {kStatic, "symlinks", "word", "\"below\"", kProxy, set<&ProxySpec::symlinks>},
    {kStatic, "cache", "array of tables", "[]", kProxy, cache_rules},
    {kCacheRule, "path", "URL path", "", kProxy, set_by<&CacheRule::path, read_url_path>},
    {kCacheRule, "max_age", "duration", "\"0\"", kProxy, set<&CacheRule::max_age>},
    {kCacheRule, "immutable", "boolean", "false", kProxy, set<&CacheRule::immutable>},
    {kAuth, "htpasswd", "absolute path", "", kProxy,
     set_by<&ProxySpec::auth_htpasswd, absolute_path>},
    {kAuth, "realm", "string", "\"Restricted\"", kProxy, set<&ProxySpec::auth_realm>},
    {kAuth, "pattern", "array of tables", "[]", kProxy, auth_patterns},
    {kAuthPattern, "pattern", "regex", "", kProxy, set_by<&AuthPattern::pattern, read_regex>},
    {kAuthPattern, "action", "word", "", kProxy, set_by<&AuthPattern::login, auth_action>},
    {kAuth, "public", "list of paths", "[]", kProxy,
     set_by<&ProxySpec::auth_public, read_public_paths>},
    {kRedirect, "from", "regex", "", kProxy, set_by<&RedirectSpec::from, read_regex>},
    {kRedirect, "to", "path or URL", "", kProxy, set_by<&RedirectSpec::to, read_redirect_target>},
    {kRedirect, "status", "number", "302", kProxy,
     set_by<&RedirectSpec::status, read_redirect_status>},
    {kRewrite, "from", "regex", "", kProxy, set_by<&RewriteSpec::from, read_regex>},
    {kRewrite, "to", "path", "", kProxy, set_by<&RewriteSpec::to, read_path_template>},
    {kReplay, "path", "regex", "", kProxy, set_by<&ReplaySpec::path, read_regex>},
    {kReplay, "region", "string", "", kProxy, set<&ReplaySpec::region>},
    {kReplay, "app", "string", "", kProxy, set<&ReplaySpec::app>},
    {kReplay, "machine", "string", "", kProxy, set<&ReplaySpec::machine>},
    {kReplay, "methods", "list of HTTP methods", "[]", kProxy,
     set_by<&ReplaySpec::methods, read_methods>},
    {kReplay, "status", "number", "307", kProxy, set_by<&ReplaySpec::status, replay_status>},
    {kReplay, "max_body", "size", "\"1M\"", kProxy, set<&ReplaySpec::max_body>},
    {kReplay, "fallback", "word", "\"page\"", kProxy, set<&ReplaySpec::fallback>},
    {kBots, "action", "word", "\"allow\"", kProxy, set<&ProxySpec::bots>},
    {kRoute, "prefix", "URL path", "", kProxy, set_by<&RouteSpec::prefix, read_url_path>},
    {kRoute, "path", "regex", "", kProxy, set_by<&RouteSpec::path, read_regex>},
    {kRoute, "unit", "unit name", "", kProxy, names_unit<&RouteSpec::unit, Relation::route>},
    {kRoute, "job", "job name", "", kProxy, names_unit<&RouteSpec::job, Relation::cgi>},
    {kRoute, "allowed_users", "list of user names", "[]", kProxy,
     set_by<&RouteSpec::allowed_users, read_user_names>},
    {kRoute, "to", "path", "", kProxy, set_by<&RouteSpec::to, read_path_template>},
    {kRoute, "target", "URL", "", kProxy, set_by<&RouteSpec::target, read_target_url>},
    {kRoute, "strip", "URL path", "", kProxy, set_by<&RouteSpec::strip, read_url_path>},
    {kRoute, "headers", "table of header fields", "{}", kProxy,
     set_by<&RouteSpec::headers, read_header_edits>},
    {kRoute, "response_headers", "table of header fields", "{}", kProxy,
     set_by<&RouteSpec::response_headers, read_header_edits>},
    {kRoute, "websocket", "boolean", "true", kProxy, set<&RouteSpec::websocket>},
    {kRoute, "methods", "list of HTTP methods", "[]", kProxy,
     set_by<&RouteSpec::methods, read_methods>},
    {kIdle, "timeout", "duration", "", kProxy, set_by<&MachineIdleSpec::timeout, positive>},
    {kIdle, "action", "word", "\"none\"", kProxy, set<&MachineIdleSpec::action>},
    {kIdle, "api", "absolute path", "\"/.fly/api\"", kProxy,
     set_by<&MachineIdleSpec::api, absolute_path>},
    {kIdle, "connections", "duration", "\"1m\"", kProxy,
     set_by<&ProxySpec::idle_timeout, positive>},
    {kSticky, "cookie", "cookie name", "", kProxy, set_by<&StickySpec::cookie, read_cookie_name>},
    {kSticky, "max_age", "duration", "\"1d\"", kProxy, set<&StickySpec::max_age>},
    {kMetrics, "listen", "address or list of addresses", "", kProxy,
     set<&ProxySpec::metrics_listen>},
    {kAccessLog, "to", "stdout or absolute path", "\"stdout\"", kProxy,
     set_by<&ProxySpec::log_to, read_log_place>},
    {kCompress, "types", "list of media types",
     "[\"text/*\", \"application/json\", \"application/javascript\", \"application/xml\", "
     "\"image/svg+xml\"]",
     kProxy, set_by<&ProxySpec::compress_types, read_media_types>},
    {kCompress, "min_size", "size", "\"1K\"", kProxy, set<&ProxySpec::compress_min_size>},
    {kAccessLog, "format", "word", "\"json\"", kProxy, set<&ProxySpec::access_log>},
});

}  // namespace

std::span<const Key> proxy_keys() {
  return kKeys;
}

}  // namespace berth
