// Stream sockets: recv, sendmsg, sendfile, accept4.
#include "init/os/stream_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace berth::os {
namespace {

IoResult failure() {
  return {errno == EAGAIN || errno == EWOULDBLOCK ? IoStatus::would_block : IoStatus::failed, 0};
}

PeerAddress peer_of(const sockaddr_storage& from) {
  PeerAddress peer;
  if (from.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    peer.size = 4;
    std::memcpy(peer.bytes.data(), &v4.sin_addr, 4);
  } else if (from.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from, sizeof v6);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) != 0;
    peer.size = mapped ? 4 : 16;
    std::memcpy(peer.bytes.data(), v6.sin6_addr.s6_addr + (mapped ? 12 : 0), peer.size);
  }
  return peer;
}

}  // namespace

IoResult receive_some(BorrowedFd socket, std::span<char> room) {
  ssize_t got = -1;
  do {
    got = ::recv(socket.raw(), room.data(), room.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got > 0)
    return {IoStatus::done, static_cast<std::size_t>(got)};
  return got == 0 ? IoResult{IoStatus::closed, 0} : failure();
}

IoResult send_pieces(BorrowedFd socket, std::span<const std::string_view> pieces) {
  std::array<iovec, kMaxPieces> parts{};
  msghdr message{};
  message.msg_iov = parts.data();
  for (const std::string_view piece : pieces.first(std::min(pieces.size(), kMaxPieces))) {
    if (!piece.empty())
      parts[message.msg_iovlen++] = iovec{const_cast<char*>(piece.data()), piece.size()};
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket.raw(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0 ? IoResult{IoStatus::done, static_cast<std::size_t>(sent)} : failure();
}

IoResult send_file(BorrowedFd socket, BorrowedFd file, std::uint64_t& offset, std::size_t count) {
  auto position = static_cast<off_t>(offset);
  ssize_t sent = -1;
  do {
    sent = ::sendfile(socket.raw(), file.raw(), &position, count);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return failure();
  offset = static_cast<std::uint64_t>(position);
  return {sent == 0 ? IoStatus::closed : IoStatus::done, static_cast<std::size_t>(sent)};
}

IoResult read_at(BorrowedFd file, std::uint64_t offset, std::span<char> room) {
  ssize_t got = -1;
  do {
    got = ::pread(file.raw(), room.data(), room.size(), static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  if (got > 0)
    return {IoStatus::done, static_cast<std::size_t>(got)};
  return {got == 0 ? IoStatus::closed : IoStatus::failed, 0};
}

void finish_sending(BorrowedFd socket) {
  ::shutdown(socket.raw(), SHUT_WR);
}

void set_no_delay(BorrowedFd socket) {
  const int on = 1;
  ::setsockopt(socket.raw(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::string format_peer(const PeerAddress& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  if (peer.size != 0)
    ::inet_ntop(peer.size == 4 ? AF_INET : AF_INET6, peer.bytes.data(), text, sizeof text);
  return text;
}

bool parse_peer(std::string_view text, PeerAddress& peer) {
  char copy[INET6_ADDRSTRLEN] = "";
  if (text.size() >= sizeof copy)
    return false;
  text.copy(copy, text.size());
  if (::inet_pton(AF_INET, copy, peer.bytes.data()) == 1) {
    peer.size = 4;
    return true;
  }
  peer.size = 16;
  return ::inet_pton(AF_INET6, copy, peer.bytes.data()) == 1;
}

bool is_out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

UniqueFd accept_stream(BorrowedFd listener, PeerAddress& peer) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  UniqueFd accepted(::accept4(listener.raw(), reinterpret_cast<sockaddr*>(&from), &size,
                              SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (accepted.is_open())
    peer = peer_of(from);
  return accepted;
}

}  // namespace berth::os
