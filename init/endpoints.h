// Endpoints: where a unit is reached. Allocates ports and sockets for a life of a tenant, and takes
// them back after it; the sockets of a service outlive its lives.
#pragma once

#include <set>
#include <string>

#include "init/listen_sockets.h"
#include "init/settings.h"
#include "init/unit_runtime.h"
#include "units/result.h"

namespace berth {

class Endpoints {
 public:
  /// Makes RUN_DIR/sockets. REQUIRES: the run dir is there.
  explicit Endpoints(const Settings& settings) : settings_(settings), sockets_(settings) {}

  ListenSockets& sockets() { return sockets_; }
  /// Sets life.endpoint (and life.port or life.listener) for a tenant's new life; a service's
  /// endpoint is its address, and what it listens on is opened. `proxy_uid`, `proxy_gid`: who may
  /// connect to a Unix socket.
  Result<void> open(UnitRuntime& unit, uid_t proxy_uid, gid_t proxy_gid);
  /// The tenant listens: lets the proxy connect to a socket that the tenant made itself.
  void opened(const UnitRuntime& unit, uid_t proxy_uid, gid_t proxy_gid) const;
  /// The life is over and swept: the port may be used again, socket files go.
  void close(UnitRuntime& unit);
  /// What the main process of this life is given as LISTEN_FDS.
  std::vector<PassedSocket> passed(const UnitRuntime& unit) const;
  /// ${port} and ${socket} of this life.
  std::map<std::string, std::string> variables(const UnitRuntime& unit) const;

 private:
  Result<void> open_port(UnitRuntime& unit);
  std::string socket_folder(const UnitRuntime& unit) const;

  const Settings& settings_;
  std::set<std::uint16_t> used_ports_;
  ListenSockets sockets_;
};

}  // namespace berth
