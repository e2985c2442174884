// Builds the route table of a proxy from the units.
#include "units/proxy_config.h"

#include <algorithm>

#include "units/unit.h"

namespace berth {
namespace {

constexpr Milliseconds kServiceHold{30'000};

TenantRoute route_of(const TenantSpec& tenant, const ProxySpec& proxy, std::uint32_t backend) {
  TenantRoute route;
  route.backend = backend;
  route.path = tenant.path;
  route.hosts = tenant.hosts;
  route.auth = tenant.auth;
  route.public_paths = tenant.public_paths;
  route.bots = tenant.bots.value_or(proxy.bots);
  return route;
}

std::uint32_t service_backend(ProxyConfig& config, const std::string& unit) {
  const auto found = std::find_if(config.backends.begin(), config.backends.end(),
                                  [&](const Backend& each) { return each.unit == unit; });
  if (found != config.backends.end())
    return static_cast<std::uint32_t>(found - config.backends.begin());
  Backend backend;
  backend.unit = unit;
  backend.hold = kServiceHold;
  config.backends.push_back(std::move(backend));
  return static_cast<std::uint32_t>(config.backends.size() - 1);
}

}  // namespace

ProxyConfig make_proxy_config(const Unit& proxy, const std::vector<const Unit*>& tenants,
                              bool maintenance) {
  ProxyConfig config;
  config.spec = *proxy.proxy;
  config.maintenance = maintenance;
  for (const RouteSpec& route : proxy.proxy->routes)
    config.route_backends.push_back(service_backend(config, route.unit));
  for (const Unit* unit : tenants) {
    const TenantSpec& tenant = *unit->tenant;
    if (!tenant.proxy.empty() && tenant.proxy != proxy.name.str())
      continue;
    config.backends.push_back(Backend{unit->name.str(), tenant.idle_timeout, tenant.hold,
                                      tenant.queue, tenant.count_websockets, tenant.max_requests});
    config.tenants.push_back(
        route_of(tenant, config.spec, static_cast<std::uint32_t>(config.backends.size() - 1)));
  }
  return config;
}

}  // namespace berth
