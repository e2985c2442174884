// Ports and sockets of tenants.
#include "init/endpoints.h"

#include <sys/stat.h>
#include <unistd.h>

#include "init/exec_image.h"
#include "init/os/errno_error.h"
#include "init/os/files.h"
#include "init/os/socket.h"

namespace berth {

std::string Endpoints::socket_folder(const UnitRuntime& unit) const {
  // By number, not by name: sun_path holds 107 bytes and instance names are long.
  return settings_.run_dir() + "/sockets/" + std::to_string(unit.index);
}

Result<void> Endpoints::open_port(UnitRuntime& unit) {
  const TenantSpec& spec = *unit.unit.tenant;
  for (std::uint32_t port = spec.port_first; port <= spec.port_last; ++port) {
    const auto candidate = static_cast<std::uint16_t>(port);
    if (used_ports_.count(candidate) != 0 || !os::port_is_free(candidate))
      continue;
    used_ports_.insert(candidate);
    unit.life.port = candidate;
    unit.life.endpoint = Address{Address::Family::tcp, "127.0.0.1", candidate, {}};
    return {};
  }
  return Error{ErrorCode::unavailable, "no free port in " + std::to_string(spec.port_first) + "-" +
                                           std::to_string(spec.port_last)};
}

Result<void> Endpoints::open(UnitRuntime& unit, uid_t proxy_uid, gid_t proxy_gid) {
  if (!unit.is_tenant()) {
    if (unit.unit.service.address)
      unit.life.endpoint = *unit.unit.service.address;
    return sockets_.open(unit.unit, unit.life.names);
  }
  if (unit.unit.tenant->endpoint == Endpoint::port)
    return open_port(unit);
  constexpr mode_t kPassable = 0711;
  BERTH_TRY(os::make_folder(settings_.run_dir() + "/sockets", kPassable));
  const std::string folder = socket_folder(unit);
  const std::string path = folder + "/s";
  BERTH_TRY(os::make_folder(folder, kPassable));
  os::remove_file(path);
  unit.life.endpoint = Address{Address::Family::unix_socket, {}, 0, path};
  if (unit.unit.tenant->endpoint == Endpoint::activated) {
    os::ListenOptions options;
    options.mode = 0600;
    options.blocking = true;
    if (settings_.is_root) {
      options.owner = proxy_uid;
      options.group = proxy_gid;
    }
    unit.life.listener = BERTH_TRY(os::listen_on(unit.life.endpoint, options));
    return {};
  }
  if (!settings_.is_root || unit.unit.process.user.empty())
    return {};
  const Identity owner = BERTH_TRY(find_user(unit.unit.process.user, unit.life.names));
  return os::make_folder(folder, kPassable, owner.uid, owner.gid);
}

void Endpoints::opened(const UnitRuntime& unit, uid_t proxy_uid, gid_t proxy_gid) const {
  if (!unit.is_tenant() || unit.unit.tenant->endpoint != Endpoint::socket || !settings_.is_root)
    return;
  const std::string& path = unit.life.endpoint.path;
  // lchown: the folder is the tenant's, who could have put a link there. chmod is left to the
  // tenant's umask for the same reason; the proxy owns the socket, so the owner's bits are what
  // counts.
  if (::lchown(path.c_str(), proxy_uid, proxy_gid) != 0)
    return;
}

void Endpoints::close(UnitRuntime& unit) {
  if (unit.life.port != 0)
    used_ports_.erase(unit.life.port);
  unit.life.port = 0;
  unit.life.listener.reset();
  if (unit.is_tenant() && unit.life.endpoint.family == Address::Family::unix_socket)
    os::remove_file(unit.life.endpoint.path);
  unit.life.endpoint = Address{};
}

std::vector<PassedSocket> Endpoints::passed(const UnitRuntime& unit) const {
  if (unit.life.listener.is_open())
    return {{unit.life.listener.borrow(), "http"}};
  return sockets_.for_process(unit.unit);
}

std::map<std::string, std::string> Endpoints::variables(const UnitRuntime& unit) const {
  std::map<std::string, std::string> values;
  if (unit.life.port != 0)
    values["port"] = std::to_string(unit.life.port);
  if (unit.is_tenant() && unit.life.endpoint.family == Address::Family::unix_socket)
    values["socket"] = unit.life.endpoint.path;
  return values;
}

}  // namespace berth
