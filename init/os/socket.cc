// TCP and Unix sockets.
#include "init/os/socket.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {
namespace {

constexpr int kKind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
constexpr auto kKeep = static_cast<uid_t>(-1);  // chown(2): leave this id as it is

// An address as the kernel takes it.
struct SocketName {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketName ipv4_name(in_addr host, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr = host;
  SocketName result;
  std::memcpy(&result.storage, &name, sizeof name);
  result.size = sizeof name;
  return result;
}

SocketName ipv6_name(const in6_addr& host, std::uint16_t port) {
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(port);
  name.sin6_addr = host;
  SocketName result;
  std::memcpy(&result.storage, &name, sizeof name);
  result.size = sizeof name;
  return result;
}

Result<SocketName> unix_name(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path)
    return Error{ErrorCode::invalid, "socket path " + path + ": must have 1 to " +
                                         std::to_string(sizeof name.sun_path - 1) + " bytes"};
  path.copy(name.sun_path, path.size());
  SocketName result;
  std::memcpy(&result.storage, &name, sizeof name);
  result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return result;
}

Result<SocketName> tcp_name(const std::string& host, std::uint16_t port) {
  in_addr ipv4{};
  if (::inet_pton(AF_INET, host.c_str(), &ipv4) == 1)
    return ipv4_name(ipv4, port);
  in6_addr ipv6{};
  if (::inet_pton(AF_INET6, host.c_str(), &ipv6) == 1)
    return ipv6_name(ipv6, port);
  return Error{ErrorCode::invalid, "address " + host + ": not a numeric IPv4 or IPv6 address"};
}

void set_option(BorrowedFd socket, int level, int option, int value) {
  // Comfort: where it cannot be set, bind() says what is wrong.
  ::setsockopt(socket.raw(), level, option, &value, sizeof value);
}

// A bound TCP socket; closed (errno set) on failure. `both_families`: an IPv6 socket takes IPv4
// too.
UniqueFd bind_tcp(const SocketName& name, bool both_families) {
  UniqueFd socket(::socket(name.family(), kKind, 0));
  if (!socket.is_open())
    return socket;
  set_option(socket.borrow(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (name.family() == AF_INET6)
    set_option(socket.borrow(), IPPROTO_IPV6, IPV6_V6ONLY, both_families ? 0 : 1);
  if (::bind(socket.raw(), name.get(), name.size) != 0) {
    const int number = errno;
    socket.reset();
    errno = number;
  }
  return socket;
}

// Any address: one socket for both families, or IPv4 alone where there is no IPv6.
UniqueFd bind_any(std::uint16_t port) {
  UniqueFd both = bind_tcp(ipv6_name(in6addr_any, port), true);
  if (both.is_open() || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
    return both;
  return bind_tcp(ipv4_name({htonl(INADDR_ANY)}, port), false);
}

Result<UniqueFd> listen_tcp(const Address& address, const ListenOptions& options) {
  UniqueFd socket;
  if (address.host.empty())
    socket = bind_any(address.port);
  else
    socket = bind_tcp(BERTH_TRY(tcp_name(address.host, address.port)), false);
  if (!socket.is_open() || ::listen(socket.raw(), options.backlog) != 0)
    return errno_error("listen on " + format_address(address));
  return socket;
}

// A socket file whose process is gone refuses connections; anything else is left alone.
bool is_stale(const std::string& path, const SocketName& name) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode))
    return false;
  const UniqueFd probe(::socket(AF_UNIX, kKind, 0));
  return probe.is_open() && ::connect(probe.raw(), name.get(), name.size) != 0 &&
         errno == ECONNREFUSED;
}

// Whoever may write to the folder may have put something else in the file's place: only a socket is
// given away, and none is reached through a link.
bool give_socket_file(const std::string& path, const ListenOptions& options) {
  if (!options.owner.has_value() && !options.group.has_value())
    return true;
  const UniqueFd file(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.raw(), &status) != 0)
    return false;
  if (!S_ISSOCK(status.st_mode)) {
    errno = EEXIST;
    return false;
  }
  return ::fchownat(file.raw(), "", options.owner.value_or(kKeep), options.group.value_or(kKeep),
                    AT_EMPTY_PATH) == 0;
}

// The file is born with the mode of the socket (unix(7)) less the umask: so it has the right one
// from its first moment, and nothing is left to change by name.
bool bind_file(BorrowedFd socket, const SocketName& name) {
  const mode_t before = ::umask(0);
  const bool bound = ::bind(socket.raw(), name.get(), name.size) == 0;
  const int number = errno;
  ::umask(before);
  errno = number;
  return bound;
}

Result<UniqueFd> listen_unix(const Address& address, const ListenOptions& options) {
  const SocketName name = BERTH_TRY(unix_name(address.path));
  const std::string attempt = "listen on " + format_address(address);
  UniqueFd socket(::socket(AF_UNIX, kKind, 0));
  if (!socket.is_open())
    return errno_error(attempt);
  if (::fchmod(socket.raw(), options.mode) != 0)
    return errno_error(attempt);
  bool bound = bind_file(socket.borrow(), name);
  if (!bound && errno == EADDRINUSE) {
    if (!is_stale(address.path, name))
      return errno_error(attempt, EADDRINUSE);
    ::unlink(address.path.c_str());
    bound = bind_file(socket.borrow(), name);
  }
  if (!bound || !give_socket_file(address.path, options) ||
      ::listen(socket.raw(), options.backlog) != 0)
    return errno_error(attempt);
  return socket;
}

Result<SocketName> peer_name(const Address& address) {
  if (address.family == Address::Family::unix_socket)
    return unix_name(address.path);
  if (address.host.empty())
    return ipv4_name({htonl(INADDR_LOOPBACK)}, address.port);
  return tcp_name(address.host, address.port);
}

bool can_bind(const SocketName& name) {
  return bind_tcp(name, false).is_open() || errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL;
}

}  // namespace

Result<UniqueFd> listen_on(const Address& address, const ListenOptions& options) {
  UniqueFd socket =
      BERTH_TRY(address.family == Address::Family::tcp ? listen_tcp(address, options)
                                                       : listen_unix(address, options));
  if (options.blocking)
    BERTH_TRY(make_blocking(socket.borrow()));
  return socket;
}

Result<void> make_blocking(BorrowedFd socket) {
  const int flags = ::fcntl(socket.raw(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.raw(), F_SETFL, flags & ~O_NONBLOCK) != 0)
    return errno_error("clear O_NONBLOCK");
  return {};
}

bool is_listening(BorrowedFd socket) {
  int listening = 0;
  socklen_t size = sizeof listening;
  return ::getsockopt(socket.raw(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
         listening != 0;
}

bool is_reachable(BorrowedFd listener, const Address& address) {
  if (address.family == Address::Family::tcp)
    return is_listening(listener);
  // A Unix socket that was shut down says that it listens still, but hangs up.
  pollfd hung_up{listener.raw(), POLLRDHUP, 0};
  struct stat status {};
  return ::poll(&hung_up, 1, 0) == 0 && ::lstat(address.path.c_str(), &status) == 0 &&
         S_ISSOCK(status.st_mode);
}

Result<UniqueFd> start_connect(const Address& address, bool& in_progress) {
  const SocketName name = BERTH_TRY(peer_name(address));
  UniqueFd socket(::socket(name.family(), kKind, 0));
  if (!socket.is_open())
    return errno_error("connect " + format_address(address));
  in_progress = false;
  if (::connect(socket.raw(), name.get(), name.size) == 0)
    return socket;
  // EINTR: the connection goes on being made, as with EINPROGRESS (connect(2)).
  in_progress = errno == EINPROGRESS || errno == EINTR;
  if (!in_progress)
    return errno_error("connect " + format_address(address));
  return socket;
}

int connect_error(BorrowedFd socket) {
  int number = 0;
  socklen_t size = sizeof number;
  return ::getsockopt(socket.raw(), SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno;
}

bool port_is_free(std::uint16_t port) {
  return can_bind(ipv4_name({htonl(INADDR_LOOPBACK)}, port)) &&
         can_bind(ipv4_name({htonl(INADDR_ANY)}, port)) && can_bind(ipv6_name(in6addr_any, port));
}

UniqueFd accept_on(BorrowedFd listener) {
  int fd = -1;
  do {
    fd = ::accept4(listener.raw(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  } while (fd < 0 && errno == EINTR);
  return UniqueFd(fd);
}

std::optional<PeerCredentials> peer_credentials(BorrowedFd socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.raw(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return std::nullopt;
  return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

}  // namespace berth::os
