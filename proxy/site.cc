// Looking up routes, tenants and what is public.
#include "proxy/site.h"

#include <algorithm>

#include "proxy/mime_types.h"
#include "proxy/url_path.h"

namespace berth::proxy {
namespace {

/// "/x" is that path, "/x/" is everything below it. Patterns "*.ext" are no paths.
bool covers(std::string_view pattern, std::string_view path) {
  if (pattern.starts_with('*') || pattern.empty())
    return false;
  return pattern.ends_with('/') ? path.starts_with(pattern) : path == pattern;
}

bool any_covers(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return covers(pattern, path); });
}

/// "*.ext" patterns.
bool any_names_extension(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return pattern.starts_with("*.") &&
           equals_ignoring_case(extension_of(path), std::string_view(pattern).substr(2));
  });
}

}  // namespace

Site::Site(ProxyConfig config, std::vector<Lease*> leases)
    : config_(std::move(config)),
      leases_(std::move(leases)),
      router_(config_.spec),
      files_(config_.spec) {
  bool needs_bots = spec().bots != BotAction::allow;
  for (std::uint32_t i = 0; i < config_.tenants.size(); ++i) {
    const TenantRoute& tenant = config_.tenants[i];
    needs_bots |= tenant.bots != BotAction::allow;
    if (tenant.hosts.empty())
      tenants_.insert({}, tenant.path, i);
    for (const std::string& host : tenant.hosts)
      tenants_.insert(host, tenant.path, i);
  }
  if (needs_bots)
    bots_.emplace();
  for (const AuthPattern& each : spec().auth_patterns)
    auth_regexes_.add(each.pattern);
  auth_regexes_.compile();
}

Lease* Site::lease_at(std::size_t backend) const {
  return backend < leases_.size() ? leases_[backend] : nullptr;
}

Place Site::find_route(std::string_view method, std::string_view path) const {
  const Router::Route found = router_.find_route(method, path);
  if (found.index >= config_.route_backends.size())
    return {};
  const RouteSpec& route = router_.route(found.index);
  Lease* lease = lease_at(config_.route_backends[found.index]);
  if (lease == nullptr && route.job.empty())
    return {};
  return Place{Place::Kind::route, &route, nullptr, lease, found.captures};
}

Place Site::find_tenant(std::string_view host, std::string_view path) const {
  const PrefixTable::Match match = tenants_.find(host, path);
  if (match.value == PrefixTable::kNone)
    return {};
  const TenantRoute& tenant = config_.tenants[match.value];
  Lease* lease = lease_at(tenant.backend);
  if (lease == nullptr)
    return {};
  return Place{match.needs_slash ? Place::Kind::add_slash : Place::Kind::tenant,
               nullptr,
               &tenant,
               lease,
               {}};
}

bool Site::needs_login(std::string_view path, const Place& tenant) const {
  if (spec().auth_htpasswd.empty())
    return false;
  if (!auth_regexes_.empty()) {
    if (const auto& hits = auth_regexes_.matches(path); !hits.empty())
      return spec().auth_patterns[static_cast<std::size_t>(hits.front())].login;
  }
  if (any_covers(spec().auth_public, path))
    return false;
  if (tenant.tenant == nullptr)
    return true;
  if (!tenant.tenant->auth)
    return false;
  const std::string_view prefix = tenant.tenant->path;
  return std::none_of(tenant.tenant->public_paths.begin(), tenant.tenant->public_paths.end(),
                      [&](const std::string& pattern) {
                        // Given in full, or below the tenant's path.
                        if (std::string_view(pattern).starts_with(prefix))
                          return covers(pattern, path);
                        std::string below(prefix);
                        below += pattern.starts_with('/') ? pattern.substr(1) : pattern;
                        return covers(below, path);
                      });
}

BotAction Site::bot_action(const Place& tenant, std::string_view user_agent) const {
  const BotAction action = tenant.tenant != nullptr ? tenant.tenant->bots : spec().bots;
  return action != BotAction::allow && bots_->is_bot(user_agent) ? action : BotAction::allow;
}

bool Site::is_public_file(std::string_view path, const Place& tenant) const {
  return any_names_extension(spec().auth_public, path) ||
         (tenant.tenant != nullptr && any_names_extension(tenant.tenant->public_paths, path));
}

}  // namespace berth::proxy
