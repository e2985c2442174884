// Who may drive berth over D-Bus.
#include "init/admin/permission.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

#include "init/os/peer_groups.h"
#include "init/os/socket.h"

namespace berth::admin {

bool may_connect(const Peer& peer, uid_t owner, std::optional<gid_t> admin_group) {
  if (peer.uid == 0 || peer.uid == owner)
    return true;
  if (!admin_group.has_value())
    return false;
  return peer.gid == *admin_group ||
         std::find(peer.groups.begin(), peer.groups.end(), *admin_group) != peer.groups.end();
}

std::optional<Peer> peer_of(os::BorrowedFd socket) {
  const auto credentials = os::peer_credentials(socket);
  if (!credentials.has_value())
    return std::nullopt;
  return Peer{credentials->uid, credentials->gid, os::peer_groups(socket)};
}

std::optional<gid_t> group_in_file(const std::string& name, const char* path) {
  std::ifstream file(path);
  const std::string start = name + ":";
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, start.size(), start) != 0)
      continue;
    const std::size_t number = line.find(':', start.size());  // behind the password field
    if (number == std::string::npos)
      return std::nullopt;
    gid_t gid = 0;
    const char* end = line.data() + line.size();
    const auto parsed = std::from_chars(line.data() + number + 1, end, gid);
    return parsed.ec == std::errc() ? std::optional<gid_t>(gid) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace berth::admin
