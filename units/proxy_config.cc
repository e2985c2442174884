// Builds the route table of a proxy from the units.
#include "units/proxy_config.h"

#include <algorithm>

#include "units/unit.h"

namespace berth {
namespace {

constexpr Milliseconds kServiceHold{30'000};
/// A service that stops when it is idle is watched by PID 1, by its connections too: the lease goes
/// back soon after the last request, and costs a message when the next one comes.
constexpr Milliseconds kServiceIdle{1'000};
constexpr Milliseconds kTargetHold{10'000};
/// Its name is looked up anew after that.
constexpr Milliseconds kTargetIdle{30'000};
constexpr std::uint32_t kTargetQueue = 1'024;

TenantRoute route_of(const TenantSpec& tenant, const ProxySpec& proxy, std::uint32_t backend) {
  TenantRoute route;
  route.backend = backend;
  route.path = tenant.path;
  route.hosts = tenant.hosts;
  route.auth = tenant.auth;
  route.public_paths = tenant.public_paths;
  route.bots = tenant.bots.value_or(proxy.bots);
  route.region = tenant.region;
  return route;
}

/// The index of the backend of that name, which is added if it is new.
std::uint32_t place_backend(ProxyConfig& config, Backend backend) {
  const auto found = std::find_if(config.backends.begin(), config.backends.end(),
                                  [&](const Backend& each) { return each.unit == backend.unit; });
  if (found != config.backends.end())
    return static_cast<std::uint32_t>(found - config.backends.begin());
  config.backends.push_back(std::move(backend));
  return static_cast<std::uint32_t>(config.backends.size() - 1);
}

Backend service_backend(const std::string& name, const std::vector<const Unit*>& units) {
  Backend backend;
  backend.unit = name;
  backend.hold = kServiceHold;
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit* each) { return each->name.str() == name; });
  // What is idle is known to PID 1 only once the lease is back.
  if (unit != units.end() && (*unit)->kind == UnitKind::service &&
      (*unit)->service.idle_timeout.count() > 0)
    backend.idle_timeout = std::min((*unit)->service.idle_timeout, kServiceIdle);
  return backend;
}

std::uint32_t backend_of_route(ProxyConfig& config, const RouteSpec& route,
                               const std::vector<const Unit*>& units) {
  if (!route.job.empty())
    return kNoBackend;
  return place_backend(config, route.unit.empty() ? target_backend(route.target)
                                                  : service_backend(route.unit, units));
}

}  // namespace

Backend target_backend(const TargetUrl& target) {
  Backend backend;
  backend.unit = (target.secure ? "https://" : "") + authority_of(target);
  backend.idle_timeout = kTargetIdle;
  backend.hold = kTargetHold;
  backend.queue = kTargetQueue;
  backend.target_host = target.host;
  backend.target_port = target.port;
  backend.target_secure = target.secure;
  return backend;
}

ProxyConfig make_proxy_config(const Unit& proxy, const std::vector<const Unit*>& units,
                              bool maintenance) {
  ProxyConfig config;
  config.spec = *proxy.proxy;
  config.maintenance = maintenance;
  for (const RouteSpec& route : proxy.proxy->routes)
    config.route_backends.push_back(backend_of_route(config, route, units));
  for (const Unit* unit : units) {
    if (!unit->tenant || (!unit->tenant->proxy.empty() && unit->tenant->proxy != proxy.name.str()))
      continue;
    const TenantSpec& tenant = *unit->tenant;
    Backend backend;
    backend.unit = unit->name.str();
    backend.idle_timeout = tenant.idle_timeout;
    backend.hold = tenant.hold;
    backend.queue = tenant.queue;
    backend.count_websockets = tenant.count_websockets;
    backend.max_requests = tenant.max_requests;
    config.backends.push_back(std::move(backend));
    config.tenants.push_back(
        route_of(tenant, config.spec, static_cast<std::uint32_t>(config.backends.size() - 1)));
  }
  return config;
}

}  // namespace berth
