// SOCK_DGRAM with SCM_CREDENTIALS.
#include "init/os/datagram_socket.h"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/received_fds.h"

namespace berth::os {
namespace {

constexpr mode_t kForEverybody = 0666;

PeerCredentials credentials_in(const cmsghdr& header) {
  ucred sender{};
  std::memcpy(&sender, CMSG_DATA(&header), sizeof sender);
  return {sender.pid, sender.uid, sender.gid};
}

}  // namespace

Result<UniqueFd> bind_datagrams(const std::string& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.size() < 2 || address.size() >= sizeof name.sun_path)
    return Error{ErrorCode::invalid, "socket path " + address + ": must have 2 to " +
                                         std::to_string(sizeof name.sun_path - 1) + " bytes"};
  address.copy(name.sun_path, address.size());
  const bool is_path = address.front() != '@';
  if (is_path)
    ::unlink(address.c_str());
  else
    name.sun_path[0] = '\0';
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open())
    return errno_error("socket");
  const int on = 1;
  if (::setsockopt(socket.raw(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return errno_error("SO_PASSCRED");
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  if (::bind(socket.raw(), reinterpret_cast<const sockaddr*>(&name), size) != 0)
    return errno_error("bind " + address);
  if (is_path && ::chmod(address.c_str(), kForEverybody) != 0)
    return errno_error("chmod " + address);
  return socket;
}

bool receive_datagram(BorrowedFd socket, std::size_t limit, Datagram& datagram) {
  datagram.bytes.resize(limit);
  datagram.sender = {};
  iovec part{datagram.bytes.data(), datagram.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + kFdsRoom];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket.raw(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0)
    return false;
  std::vector<UniqueFd> nobody_wants;
  take_received_fds(message, 0, nobody_wants);
  datagram.bytes.resize(static_cast<std::size_t>(got));
  datagram.too_long = (message.msg_flags & MSG_TRUNC) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS)
      datagram.sender = credentials_in(*header);
  }
  return true;
}

}  // namespace berth::os
