// SOCK_SEQPACKET and memfd.
#include "init/os/packet_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/received_fds.h"

namespace berth::os {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

Result<std::pair<UniqueFd, UniqueFd>> packet_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return errno_error("socketpair");
  return std::pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

SendOutcome send_packet(BorrowedFd socket, std::string_view bytes,
                        const std::vector<BorrowedFd>& fds) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPacketFds)] = {};
  if (!fds.empty()) {
    const std::size_t size = sizeof(int) * std::min(fds.size(), kMaxPacketFds);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    for (std::size_t i = 0; i * sizeof(int) < size; ++i) {
      const int fd = fds[i].raw();
      std::memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof fd);
    }
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket.raw(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0)
    return SendOutcome::sent;
  return errno == EAGAIN || errno == ENOBUFS ? SendOutcome::full : SendOutcome::broken;
}

ReceiveOutcome receive_packet(BorrowedFd socket, std::size_t limit, Packet& packet) {
  packet.fds.clear();
  packet.bytes.resize(limit);
  iovec part{packet.bytes.data(), packet.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[kFdsRoom];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket.raw(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    packet.bytes.clear();
    return errno == EAGAIN ? ReceiveOutcome::empty : ReceiveOutcome::closed;
  }
  take_received_fds(message, kMaxPacketFds, packet.fds);
  packet.bytes.resize(static_cast<std::size_t>(got));
  if (got == 0 || (message.msg_flags & MSG_TRUNC) != 0)
    return ReceiveOutcome::closed;
  return ReceiveOutcome::received;
}

Result<UniqueFd> sealed_memfd(const char* name, std::string_view bytes) {
  UniqueFd memfd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memfd.is_open())
    return errno_error("memfd_create");
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t written = ::write(memfd.raw(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR)
      return errno_error("write memfd");
    if (written > 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fcntl(memfd.raw(), F_ADD_SEALS, kSeals) != 0)
    return errno_error("seal memfd");
  if (::lseek(memfd.raw(), 0, SEEK_SET) != 0)
    return errno_error("rewind memfd");
  return memfd;
}

Result<std::string> read_sealed(BorrowedFd memfd, std::size_t limit) {
  const int seals = ::fcntl(memfd.raw(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals)
    return Error{ErrorCode::invalid, "the descriptor is not a sealed memfd"};
  struct stat status {};
  if (::fstat(memfd.raw(), &status) != 0)
    return errno_error("fstat memfd");
  if (status.st_size < 0 || static_cast<std::size_t>(status.st_size) > limit)
    return Error{ErrorCode::invalid, "the memfd is too large"};
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::pread(memfd.raw(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return errno_error("read memfd", got == 0 ? EIO : errno);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace berth::os
