// ProxyConfig: the route table that PID 1 hands to a berth-proxy, whole, in a sealed memfd.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "units/proxy_spec.h"

namespace berth {

struct Unit;

/// Something that can be asked for a lease: a tenant's instance, a service that a route names, or a
/// server elsewhere.
struct Backend {
  std::string unit;              ///< full unit name: what lease messages carry
  Milliseconds idle_timeout{0};  ///< 0 = the lease is never returned for idleness
  Milliseconds hold{5'000};      ///< how long a request waits for it
  std::uint32_t queue = 128;     ///< how many requests may wait for it
  bool count_websockets = true;
  std::uint32_t max_requests = 0;  ///< in flight at once; 0 = any number, further ones wait
  /// A server that is no unit, by name or numeric address; empty = a unit. `unit` is its authority
  /// then, and nobody asks PID 1 for it.
  std::string target_host;
  std::uint16_t target_port = 0;
  bool target_secure = false;  ///< asked over TLS; `unit` begins with "https://" then

  bool is_target() const { return !target_host.empty(); }
  bool operator==(const Backend&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.unit);
    visit(self.idle_timeout);
    visit(self.hold);
    visit(self.queue);
    visit(self.count_websockets);
    visit(self.max_requests);
    visit(self.target_host);
    visit(self.target_port);
    visit(self.target_secure);
  }
};

/// A tenant's place in the URL space.
struct TenantRoute {
  std::uint32_t backend = 0;       ///< index into ProxyConfig::backends
  std::string path;                ///< ends in '/'
  std::vector<std::string> hosts;  ///< lower case; empty = any
  bool auth = true;
  std::vector<std::string> public_paths;  ///< below `path`, as in [proxy.auth] public
  BotAction bots = BotAction::allow;
  std::string region;  ///< where it lives; empty = here

  bool operator==(const TenantRoute&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.backend);
    visit(self.path);
    visit(self.hosts);
    visit(self.auth);
    visit(self.public_paths);
    visit(self.bots);
    visit(self.region);
  }
};

struct ProxyConfig {
  std::uint64_t generation = 0;  ///< rises with every change
  ProxySpec spec;
  bool maintenance = false;     ///< decided by PID 1
  bool tells_activity = false;  ///< PID 1 wants to know when nobody uses the proxy
  std::string machine;          ///< who this machine is to visitors that return; empty = nobody
  std::vector<Backend> backends;
  std::vector<std::uint32_t> route_backends;  ///< for spec.routes[i]: index into `backends`
  std::vector<TenantRoute> tenants;

  bool operator==(const ProxyConfig&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.generation);
    visit(self.spec);
    visit(self.maintenance);
    visit(self.tells_activity);
    visit(self.machine);
    visit(self.backends);
    visit(self.route_backends);
    visit(self.tenants);
  }
};

/// The table of `proxy` over `units`: all tenants (those of another proxy are left out), and the
/// services that it may name. Generation 0.
ProxyConfig make_proxy_config(const Unit& proxy, const std::vector<const Unit*>& units,
                              bool maintenance);

}  // namespace berth
