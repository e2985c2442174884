// SCM_RIGHTS.
#include "init/os/received_fds.h"

#include <cstring>

namespace berth::os {
namespace {

// Closing a socket that lingers waits until its data is sent, O_NONBLOCK or not (man 7 socket):
// whoever sends us one would stop us.
UniqueFd without_linger(int fd) {
  const linger none{};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  return UniqueFd(fd);
}

}  // namespace

void take_received_fds(msghdr& message, std::size_t most, std::vector<UniqueFd>& fds) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
      continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
      UniqueFd fd = without_linger(number);
      if (fds.size() < most)
        fds.push_back(std::move(fd));
    }
  }
}

}  // namespace berth::os
