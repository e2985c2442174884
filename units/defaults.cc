// Reading berth.toml by the same table of keys as units.
#include "units/defaults.h"

#include <array>

#include "units/merge.h"
#include "units/signal_values.h"
#include "units/suggestion.h"

namespace berth {
namespace {

struct DefaultsTable {
  std::string_view key;
  std::string_view table;
  bool is_for_units;
};
constexpr std::array<DefaultsTable, 4> kTables{{{"process", kProcessTable, true},
                                                {"memory", kMemoryTable, true},
                                                {"log", "[log]", true},
                                                {"shutdown", "[shutdown]", false}}};

const DefaultsTable* find_table(std::string_view key) {
  for (const DefaultsTable& table : kTables) {
    if (table.key == key) {
      return &table;
    }
  }
  return nullptr;
}

/// Reads one key into `draft`; whether it is right.
bool read_key(const Member& member, std::string_view table, Draft& draft, LoadState& load) {
  Scope scope;
  scope.environment = &load.context.environment;
  Reading reading{load.errors, load.references, scope, load.context.memory_total, ""};
  const Key* key = find_key(table, kBerthToml, member.key);
  if (key == nullptr) {
    report_unknown_key(member, {table}, kBerthToml, reading);
    return false;
  }
  if ((key->kinds & kAnyUnit) != 0 && varies(member.value)) {
    // Only a unit can tell whether it is right. What berth takes for itself, it takes if it can.
    ErrorList ignored(load.errors);
    std::vector<UnitReference> unused;
    Reading trial{ignored, unused, scope, load.context.memory_total, ""};
    Value value(member.value, member.key, table, trial);
    key->set(value, draft);
    return true;
  }
  const std::size_t errors_before = load.errors.count();
  Value value(member.value, member.key, table, reading);
  key->set(value, draft);
  return load.errors.count() == errors_before;
}

}  // namespace

Node read_defaults(Node root, LoadState& load, BerthConfig& config) {
  Draft draft;
  Node defaults{root.at, Node::Table{}};
  for (Member& member : *root.table()) {
    const DefaultsTable* table = find_table(member.key);
    if (member.key == "signals") {
      read_signals(member, load, draft.config);
      continue;
    }
    if (table == nullptr && member.value.table() != nullptr) {
      load.errors.add(
          member.value.at, "",
          "unknown table [" + member.key + "] in " + std::string(kTopTable) +
              did_you_mean(member.key, {"process", "memory", "log", "shutdown", "signals"}));
      continue;
    }
    if (table == nullptr || member.value.table() == nullptr) {
      read_key(member, kTopTable, draft, load);
      continue;
    }
    Member kept{member.key, member.key_at, Node{member.value.at, Node::Table{}}};
    for (Member& key : *member.value.table()) {
      const bool is_right = read_key(key, table->table, draft, load);
      const bool is_for_units = find_key(table->table, kAnyUnit, key.key) != nullptr;
      if (is_right && is_for_units && table->is_for_units) {
        kept.value.table()->push_back(std::move(key));
      }
    }
    if (table->is_for_units) {
      defaults.table()->push_back(std::move(kept));
    }
  }
  config = std::move(draft.config);
  config.log_format = draft.unit.log.format;
  return defaults;
}

}  // namespace berth
