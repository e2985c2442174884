// The table of keys: what its files hold, and the tables that stand for themselves.
#include <array>
#include <string>

#include "units/key_rows.h"

namespace berth {
namespace {

/// What says which instance is declared, and its values, is read before any of its keys.
void read_before(Value&, Draft&) {}

constexpr auto kKeys = std::to_array<Key>({
    {kCondition, "env", "variable or table of variables", "", kAnyUnit,
     set_by<&StartCondition::env, read_condition_env>},
    {kCondition, "path_exists", "absolute path", "", kAnyUnit,
     set_by<&StartCondition::path_exists, absolute_path>},
    {kCondition, "path_missing", "absolute path", "", kAnyUnit,
     set_by<&StartCondition::path_missing, absolute_path>},

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

std::array<std::span<const Key>, 5> all_keys() {
  return {unit_keys(), tenant_keys(), process_keys(), proxy_keys(), kKeys};
}

}  // namespace berth
