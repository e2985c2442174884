// SO_PEERGROUPS, man 7 unix does not have it: it fills as much as fits and says ERANGE and the size
// it needs otherwise.
#include "init/os/peer_groups.h"

#include <cerrno>

#include <sys/socket.h>

namespace berth::os {

std::vector<gid_t> peer_groups(BorrowedFd socket) {
  std::vector<gid_t> groups(32);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int result = ::getsockopt(socket.raw(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    const bool too_small = result != 0 && errno == ERANGE && size > groups.size() * sizeof(gid_t);
    if (result != 0 && !too_small)
      return {};
    groups.resize(size / sizeof(gid_t));
    if (result == 0)
      return groups;
  }
}

}  // namespace berth::os
