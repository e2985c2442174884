// What the rows of the table of keys are made with: setters, by member of the unit and by the way
// of reading.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "units/keys.h"
#include "units/process_values.h"
#include "units/special_values.h"
#include "units/word_values.h"

namespace berth {

/// The rows, a file each.
std::span<const Key> unit_keys();
std::span<const Key> tenant_keys();
std::span<const Key> process_keys();
std::span<const Key> proxy_keys();

inline constexpr std::string_view kCondition = "[unit.condition]";

// Kinds that share keys of their own tables.
inline constexpr Kinds kRunning = kService | kTenant | kProxy;
inline constexpr Kinds kCommanded = kService | kTenant;
inline constexpr Kinds kStopped = kService | kJob | kTenant;

// The part of a draft that has members of type Owner; of a list, the entry being read.
// clang-format off
inline UnitInfo& part(Draft& d, UnitInfo*) { return d.unit.info; }
inline StartCondition& part(Draft& d, StartCondition*) { return d.unit.info.condition; }
inline ServiceSpec& part(Draft& d, ServiceSpec*) { return d.unit.service; }
inline ReadyCheck& part(Draft& d, ReadyCheck*) { return d.unit.service.ready; }
inline HealthCheck& part(Draft& d, HealthCheck*) { return *d.unit.service.health; }
inline JobSpec& part(Draft& d, JobSpec*) { return *d.unit.job; }
inline TenantSpec& part(Draft& d, TenantSpec*) { return *d.unit.tenant; }
inline ProxySpec& part(Draft& d, ProxySpec*) { return *d.unit.proxy; }
inline ProcessSpec& part(Draft& d, ProcessSpec*) { return d.unit.process; }
inline MemorySpec& part(Draft& d, MemorySpec*) { return d.unit.memory; }
inline LogSpec& part(Draft& d, LogSpec*) { return d.unit.log; }
inline BerthConfig& part(Draft& d, BerthConfig*) { return d.config; }
inline Command& part(Draft& d, Command*) { return d.command; }
inline CacheRule& part(Draft& d, CacheRule*) { return d.unit.proxy->cache.back(); }
inline MachineIdleSpec& part(Draft& d, MachineIdleSpec*) { return d.unit.proxy->machine_idle; }
inline StickySpec& part(Draft& d, StickySpec*) { return d.unit.proxy->sticky; }
inline TlsSpec& part(Draft& d, TlsSpec*) { return d.unit.proxy->tls; }
inline RedirectSpec& part(Draft& d, RedirectSpec*) { return d.unit.proxy->redirects.back(); }
inline RewriteSpec& part(Draft& d, RewriteSpec*) { return d.unit.proxy->rewrites.back(); }
inline RouteSpec& part(Draft& d, RouteSpec*) { return d.unit.proxy->routes.back(); }
inline AuthPattern& part(Draft& d, AuthPattern*) { return d.unit.proxy->auth_patterns.back(); }
inline ReplaySpec& part(Draft& d, ReplaySpec*) { return d.unit.proxy->replays.back(); }
inline DirectorySpec& part(Draft& d, DirectorySpec*) { return d.unit.process.directories.back(); }
inline ListenSocket& part(Draft& d, ListenSocket*) { return d.unit.service.listen.back(); }
// clang-format on

template <typename Owner, typename T>
T& member(Draft& draft, T Owner::*pointer) {
  return part(draft, static_cast<Owner*>(nullptr)).*pointer;
}

// Values whose type says how they are read, beside those that Value and word_values.h read.
inline void read(Value& value, std::uint32_t& out) {
  value.number(out);
}
template <typename T>
void read(Value& value, T& out) {
  value.read(out);
}

// Ways of reading that a row names beside the member.
inline void absolute_paths(Value& value, std::vector<std::string>& out) {
  value.absolute_paths(out);
}
inline void absolute_path(Value& value, std::string& out) {
  value.absolute_path(out);
}
inline void positive(Value& value, Milliseconds& out) {
  value.positive_duration(out);
}
inline void at_least_one(Value& value, std::uint32_t& out) {
  value.number(out, 1);
}
inline void signal(Value& value, int& out) {
  value.signal(out);
}
inline void octal(Value& value, std::uint32_t& out) {
  value.octal(out);
}
inline void count(Value& value, std::optional<std::uint32_t>& out) {
  value.number(out.emplace(), 1);
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
template <auto Member, UnitReference::Relation relation>
void order(Value& value, Draft& draft) {
  value.unit_names(member(draft, Member), relation);
}
template <auto Member, UnitReference::Relation relation>
void names_unit(Value& value, Draft& draft) {
  value.unit_name(member(draft, Member), relation);
}

/// An array of tables: each entry is appended to `list` empty, the keys of `table` fill it, and
/// then `check` sees it.
template <typename T, typename Check>
void entries(Value& value, Draft& draft, std::vector<T>& list, std::string_view table,
             std::initializer_list<std::string_view> needed, Check check) {
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
      check(entry);
    }
  }
}
template <typename T>
void entries(Value& value, Draft& draft, std::vector<T>& list, std::string_view table,
             std::initializer_list<std::string_view> needed) {
  entries(value, draft, list, table, needed, [](const Node&) {});
}

}  // namespace berth
