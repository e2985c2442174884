// The keys of [tenant].
#include <array>

#include "units/key_rows.h"

namespace berth {
namespace {

using Relation = UnitReference::Relation;

void ports(Value& value, Draft& draft) {
  read_port_range(value, *draft.unit.tenant);
}
void vars(Value& value, Draft& draft) {
  value.read(draft.vars);
}

constexpr auto kKeys = std::to_array<Key>({
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
    {"[tenant]", "max_requests", "number", "0", kTenant, set<&TenantSpec::max_requests>},
    {"[tenant]", "max_running", "number", "0", kTenant, set<&TenantSpec::max_running>},
    {"[tenant]", "max_starting", "number", "0", kTenant, set<&TenantSpec::max_starting>},
    {"[tenant]", "public", "list of paths", "[]", kTenant,
     set_by<&TenantSpec::public_paths, read_public_paths>},
    {"[tenant]", "bots", "word", "", kTenant, set<&TenantSpec::bots>},
    {"[tenant]", "region", "string", "", kTenant, set<&TenantSpec::region>},
    {"[tenant]", "auth", "boolean", "true", kTenant, set<&TenantSpec::auth>},
    {"[tenant]", "proxy", "unit name", "", kTenant,
     names_unit<&TenantSpec::proxy, Relation::proxy>},
});

}  // namespace

std::span<const Key> tenant_keys() {
  return kKeys;
}

}  // namespace berth
