// Looking keys up, and walking a table by them.
#include "units/keys.h"

#include <algorithm>
#include <array>

#include "units/suggestion.h"

namespace berth {
namespace {

constexpr std::string_view kWhen = "when";

constexpr std::array<std::pair<UnitKind, std::string_view>, 4> kOwnTables{
    {{UnitKind::service, "[service]"},
     {UnitKind::job, "[job]"},
     {UnitKind::tenant, "[tenant]"},
     {UnitKind::proxy, "[proxy]"}}};

bool is_own_table(std::string_view table) {
  return std::any_of(kOwnTables.begin(), kOwnTables.end(),
                     [&](const auto& own) { return own.second == table; });
}

/// Keys that kinds share stand once, in the first one's table.
bool stands_in(const Key& key, std::string_view table, Kinds kinds) {
  return (key.kinds & kinds) != 0 &&
         (key.table == table || (is_own_table(key.table) && is_own_table(table)));
}

/// The table as a unit of `kinds` writes it: a shared key stands in its kind's own table.
std::string_view written_table(const Key& key, Kinds kinds) {
  for (const auto& [kind, table] : kOwnTables) {
    if (is_own_table(key.table) && (key.kinds & kinds & kind_bit(kind)) != 0) {
      return table;
    }
  }
  return key.table;
}

template <typename Wanted>
const Key* first_key(Wanted is_wanted) {
  for (const std::span<const Key> rows : all_keys()) {
    const auto found = std::find_if(rows.begin(), rows.end(), is_wanted);
    if (found != rows.end()) {
      return &*found;
    }
  }
  return nullptr;
}

/// The table where the key `name` would be right: for this kind of unit first, then for any.
std::string_view rightful_table(std::string_view name, Kinds kinds) {
  for (const Kinds wanted : {kinds, kAnyUnit}) {
    const Key* found = first_key([&](const Key& key) {
      // What stands in inline tables and lists is too common to point anywhere.
      return key.name == name && key.table.starts_with('[') && !key.table.starts_with("[[") &&
             (key.kinds & wanted) != 0;
    });
    if (found != nullptr) {
      return written_table(*found, wanted);
    }
  }
  return {};
}

/// Where `when` may stand: entries of arrays of tables, and the tables within [proxy].
bool is_optional_table(std::string_view table) {
  return table.starts_with("[[") || table.starts_with("[proxy.");
}

bool condition_holds(Value& value) {
  const Member* env = value.node().find("env");
  if (env == nullptr || value.node().table()->size() != 1) {
    value.mismatch(value.node(), "{ env = \"NAME\" } or { env = { NAME = \"value\" } }");
    return true;
  }
  const auto* environment = value.reading().scope.environment;
  const auto lookup = [&](const std::string& name) -> const std::string* {
    if (environment == nullptr) {
      return nullptr;
    }
    const auto found = environment->find(name);
    return found == environment->end() ? nullptr : &found->second;
  };
  if (env->value.table() == nullptr) {
    const auto name = value.text_of(env->value, "the name of a variable, or a table of them");
    const std::string* set = name ? lookup(*name) : nullptr;
    return !name || (set != nullptr && !set->empty());
  }
  return std::all_of(env->value.table()->begin(), env->value.table()->end(),
                     [&](const Member& member) {
                       const auto wanted = value.text_of(member.value, "strings");
                       const std::string* set = lookup(member.key);
                       return !wanted || (set != nullptr && *set == *wanted);
                     });
}

}  // namespace

const Key* find_key(std::string_view table, Kinds kinds, std::string_view name) {
  return first_key(
      [&](const Key& key) { return key.name == name && stands_in(key, table, kinds); });
}

std::string_view own_table(UnitKind kind) {
  return kOwnTables[static_cast<std::size_t>(kind)].second;
}

void report_unknown_key(const Member& member, const std::vector<std::string_view>& tables,
                        Kinds kinds, Reading& reading) {
  std::vector<std::string_view> known;
  const auto is_known_here = [&](const Key& key) {
    return std::any_of(tables.begin(), tables.end(),
                       [&](std::string_view table) { return stands_in(key, table, kinds); });
  };
  for (const std::span<const Key> rows : all_keys()) {
    for (const Key& key : rows) {
      if (is_known_here(key)) {
        known.push_back(key.name);
      }
    }
  }
  const std::string_view table = tables.front();
  std::string message = "unknown key \"" + member.key + "\" in " + std::string(table);
  const std::string_view other = rightful_table(member.key, kinds);
  if (!other.empty() && other != table) {
    message += "; it belongs in " + std::string(other);
  } else {
    message += did_you_mean(member.key, known);
  }
  reading.errors.add(member.key_at, reading.unit, std::move(message));
}

void read_members(const Node& node, std::string_view table, Kinds kinds, Draft& draft,
                  Reading& reading) {
  for (const Member& member : *node.table()) {
    if (member.key == kWhen && is_optional_table(table)) {
      continue;  // applies() has read it
    }
    const Key* key = find_key(table, kinds, member.key);
    if (key == nullptr) {
      report_unknown_key(member, {table}, kinds, reading);
      continue;
    }
    Value value(member.value, member.key, table, reading);
    key->set(value, draft);
  }
}

void check_needed(const Node& node, std::string_view table,
                  std::initializer_list<std::string_view> needed, Reading& reading) {
  for (const std::string_view key : needed) {
    if (node.find(key) == nullptr) {
      reading.errors.add(node.at, reading.unit,
                         std::string(table) + " needs \"" + std::string(key) + "\"");
    }
  }
}

void check_choice(const Node& node, std::string_view table,
                  std::initializer_list<std::string_view> keys, Reading& reading) {
  std::string names;
  for (const std::string_view key : keys) {
    names += names.empty() ? "either " : key == *(keys.end() - 1) ? " or " : ", ";
    names += "\"" + std::string(key) + "\"";
  }
  const auto given = std::count_if(keys.begin(), keys.end(),
                                   [&](std::string_view key) { return node.find(key) != nullptr; });
  if (given != 1) {
    reading.errors.add(node.at, reading.unit, std::string(table) + " needs " + names);
  }
}

bool holds(const Node& entry, std::string_view table, Reading& reading) {
  const Member* when = entry.find(kWhen);
  if (when == nullptr) {
    return true;
  }
  Value value(when->value, kWhen, table, reading);
  return condition_holds(value);
}

bool applies(const Node& entry, std::string_view table, Kinds kinds, Reading& reading) {
  if (holds(entry, table, reading)) {
    return true;
  }
  for (const Member& member : *entry.table()) {
    if (member.key != kWhen && find_key(table, kinds, member.key) == nullptr) {
      report_unknown_key(member, {table}, kinds, reading);
    }
  }
  return false;
}

Draft new_draft(UnitKind kind) {
  Draft draft;
  Unit& unit = draft.unit;
  unit.kind = kind;
  if (kind == UnitKind::job) {
    unit.job.emplace();
    unit.info.on_change = OnChange::when_idle;
  }
  if (kind == UnitKind::tenant) {
    unit.tenant.emplace();
    unit.info.start = StartWhen::demand;
    unit.info.on_change = OnChange::when_idle;
    // The next request starts it again.
    unit.service.restart = Restart::never;
  }
  if (kind == UnitKind::proxy) {
    unit.proxy.emplace();
    unit.service.restart = Restart::always;
    unit.service.restart_delay = Milliseconds{0};
    unit.service.restart_delay_max = Milliseconds{1'000};
    unit.service.restart_limit = 0;
  }
  return draft;
}

}  // namespace berth
