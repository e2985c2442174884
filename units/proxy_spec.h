// ProxySpec: what a [proxy] unit says, apart from the keys that every unit has. Apart from unit.h
// so that the proxy depends on nothing else of the unit language.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "units/access_spec.h"
#include "units/route_spec.h"
#include "units/values.h"

namespace berth {

struct CacheRule {
  std::string path;
  Milliseconds max_age{0};
  bool immutable = false;
  bool operator==(const CacheRule&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.path);
    visit(self.max_age);
    visit(self.immutable);
  }
};

/// Which symbolic links below the static root are followed.
enum class Symlinks : std::uint8_t { none, below, any };

/// [proxy.tls].
struct TlsSpec {
  std::string certificate;      ///< PEM, with the chain; empty = no TLS
  std::string key;              ///< PEM
  std::vector<Address> listen;  ///< of [proxy] listen; empty = all of them
  bool http2 = true;            ///< clients that know it get it
  /// Whether what is accepted at that address speaks TLS.
  bool covers(const Address& address) const {
    return !certificate.empty() &&
           (listen.empty() || std::find(listen.begin(), listen.end(), address) != listen.end());
  }
  bool operator==(const TlsSpec&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.certificate);
    visit(self.key);
    visit(self.listen);
    visit(self.http2);
  }
};

/// What becomes of the machine when nobody has sent a request for a while.
enum class IdleAction : std::uint8_t {
  none,     ///< the jobs of idleness run, and that is all
  exit,     ///< berth shuts down
  stop,     ///< the machine is stopped,
  suspend,  ///< or put to sleep with all that is in its memory
};

/// [proxy.idle], but for the time of connections.
struct MachineIdleSpec {
  Milliseconds timeout{0};  ///< without a request; 0 = there is no such table
  IdleAction action = IdleAction::none;
  std::string api = "/.fly/api";  ///< the socket where the machine can be stopped
  bool is_on() const { return timeout.count() > 0; }
  bool operator==(const MachineIdleSpec&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.timeout);
    visit(self.action);
    visit(self.api);
  }
};

/// What a client is answered that says it is a bot.
enum class BotAction : std::uint8_t {
  allow,
  static_only,  ///< 403, but for static files
  reject,       ///< 403, but for robots.txt
};

enum class AccessLog : std::uint8_t { none, json, combined };

/// [proxy] and its tables. It travels to berth-proxy whole, inside ProxyConfig.
struct ProxySpec {
  std::vector<Address> listen;
  std::vector<Network> trust_proxy;
  Milliseconds header_timeout{10'000};
  Milliseconds idle_timeout{60'000};
  Milliseconds upstream_timeout{
      60'000};        ///< until the first byte of a reply, then between two bytes
  Bytes max_body{0};  ///< 0 = no limit
  std::uint32_t max_connections = 10'000;
  std::uint32_t max_connections_per_address = 0;  ///< 0 = no limit

  TlsSpec tls;

  std::string maintenance_until;          ///< a job; empty = no maintenance
  bool maintenance_until_resume = false;  ///< and again after each resume of the machine
  bool maintenance_enabled = false;
  std::string maintenance_page;  ///< below static_root; empty = the built-in one
  Milliseconds retry_after{5'000};

  std::string health_path;  ///< empty = none
  std::string health_body = "ok\n";

  std::string static_root;                     ///< empty = no static files
  std::string static_prefix;                   ///< taken off before looking up
  std::vector<std::string> static_extensions;  ///< without dots; empty = all
  std::vector<CacheRule> cache;
  std::vector<std::string> try_files;  ///< what may follow the path, first come first served
  bool trailing_slash = false;         ///< folders with an answer in try_files get their slash
  bool precompressed = false;
  Symlinks symlinks = Symlinks::below;

  bool compress = false;  ///< replies of units
  std::vector<std::string> compress_types{"text/*", "application/json", "application/javascript",
                                          "application/xml", "image/svg+xml"};
  Bytes compress_min_size{1'024};

  std::string auth_htpasswd;  ///< empty = no authentication
  std::string auth_realm = "Restricted";
  std::vector<AuthPattern> auth_patterns;  ///< go before auth_public
  std::vector<std::string> auth_public;    ///< "/x" exact, "/x/" prefix, "*.ext" static files

  std::vector<RedirectSpec> redirects;
  std::vector<RewriteSpec> rewrites;
  std::vector<RouteSpec> routes;
  std::string region;  ///< where this machine is; empty = nowhere in particular
  std::string app;     ///< what this machine is part of, at fly.io; empty = nothing
  std::vector<ReplaySpec> replays;
  BotAction bots = BotAction::allow;
  AccessLog access_log = AccessLog::json;
  std::string log_to = "stdout";  ///< or an absolute path
  bool server_timing = false;     ///< tells clients how long their request was held
  std::vector<Address> metrics_listen;
  MachineIdleSpec machine_idle;
  StickySpec sticky;

  bool operator==(const ProxySpec&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.listen);
    visit(self.trust_proxy);
    visit(self.header_timeout);
    visit(self.idle_timeout);
    visit(self.upstream_timeout);
    visit(self.max_body);
    visit(self.max_connections);
    visit(self.max_connections_per_address);
    visit(self.tls);
    visit(self.maintenance_until);
    visit(self.maintenance_until_resume);
    visit(self.maintenance_enabled);
    visit(self.maintenance_page);
    visit(self.retry_after);
    visit(self.health_path);
    visit(self.health_body);
    visit(self.static_root);
    visit(self.static_prefix);
    visit(self.static_extensions);
    visit(self.cache);
    visit(self.try_files);
    visit(self.trailing_slash);
    visit(self.precompressed);
    visit(self.symlinks);
    visit(self.compress);
    visit(self.compress_types);
    visit(self.compress_min_size);
    visit(self.auth_htpasswd);
    visit(self.auth_realm);
    visit(self.auth_patterns);
    visit(self.auth_public);
    visit(self.redirects);
    visit(self.rewrites);
    visit(self.routes);
    visit(self.region);
    visit(self.app);
    visit(self.replays);
    visit(self.bots);
    visit(self.access_log);
    visit(self.log_to);
    visit(self.server_timing);
    visit(self.metrics_listen);
    visit(self.machine_idle);
    visit(self.sticky);
  }
};

/// Makes `spec` one whose files are where those of `other` are: what a process of a proxy may read
/// is settled when it begins.
inline void take_places(ProxySpec& spec, const ProxySpec& other) {
  spec.static_root = other.static_root;
  spec.symlinks = other.symlinks;
  spec.auth_htpasswd = other.auth_htpasswd;
  spec.tls.certificate = other.tls.certificate;
  spec.tls.key = other.tls.key;
}

}  // namespace berth
