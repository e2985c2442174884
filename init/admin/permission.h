// Who may drive berth over D-Bus.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "init/os/fd.h"

namespace berth::admin {

/// Members of this group may do what root may, if the group exists.
inline constexpr const char* kAdminGroup = "berth-admin";

struct Peer {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< supplementary
};

/// Root, `owner` (who runs berth), and members of `admin_group` where there is one.
bool may_connect(const Peer& peer, uid_t owner, std::optional<gid_t> admin_group);

/// The peer of a connected Unix socket, as it was when it connected.
std::optional<Peer> peer_of(os::BorrowedFd socket);
/// The id of a group in a file of the form of group(5). The files only, no name service: that could
/// block.
std::optional<gid_t> group_in_file(const std::string& name, const char* path = "/etc/group");

}  // namespace berth::admin
