// Site: the route table in force, made ready for looking things up.
//
// It is replaced as a whole between two events. A request in flight has taken from it what it
// needs: its lease, which outlives the table, and texts of its own.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "proxy/bots.h"
#include "proxy/lease.h"
#include "proxy/prefix_table.h"
#include "proxy/router.h"
#include "proxy/static_files.h"
#include "units/proxy_config.h"

namespace berth::proxy {

/// Where a request goes if nothing else answers it.
struct Place {
  enum class Kind : std::uint8_t { nowhere, route, tenant, add_slash };
  Kind kind = Kind::nowhere;
  const RouteSpec* route = nullptr;     ///< route
  const TenantRoute* tenant = nullptr;  ///< tenant, add_slash
  Lease* lease = nullptr;               ///< route, tenant; null = a route to a job
  Captures captures;                    ///< route: views of the path
};

class Site {
 public:
  Site() = default;
  /// `leases` are those of config.backends, in order.
  Site(ProxyConfig config, std::vector<Lease*> leases);

  const ProxyConfig& config() const { return config_; }
  const ProxySpec& spec() const { return config_.spec; }
  const StaticFiles& files() const { return files_; }

  const Router& router() const { return router_; }

  /// Routes come first, in the order of the unit file; then the longest tenant's path.
  Place find_route(std::string_view method, std::string_view path) const;
  Place find_tenant(std::string_view host, std::string_view path) const;

  /// Whether a login is needed for `path` at all; `tenant` is where it would go, if anywhere.
  bool needs_login(std::string_view path, const Place& tenant) const;
  /// Whether a public pattern "*.ext" of the proxy or of `tenant` covers `path`: then a static file
  /// needs no login.
  bool is_public_file(std::string_view path, const Place& tenant) const;
  /// What is done with this client at `tenant`, or wherever else no route leads: `allow` if it is
  /// no bot.
  BotAction bot_action(const Place& tenant, std::string_view user_agent) const;

 private:
  Lease* lease_at(std::size_t backend) const;

  ProxyConfig config_;
  std::vector<Lease*> leases_;
  Router router_;
  RegexList auth_regexes_;
  PrefixTable tenants_;
  StaticFiles files_;
  std::optional<Bots> bots_;  ///< only where somebody does not allow them
};

}  // namespace berth::proxy
