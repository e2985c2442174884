// Listening and connecting sockets from an Address; all are close-on-exec and non-blocking at
// birth.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "init/os/fd.h"
#include "units/values.h"

namespace berth::os {

struct ListenOptions {
  int backlog = 4096;
  mode_t mode = 0660;          ///< of a Unix socket's file
  std::optional<uid_t> owner;  ///< of a Unix socket's file
  std::optional<gid_t> group;
  bool blocking = false;  ///< for a program that gets it as LISTEN_FDS and expects it so
};
/// Binds and listens (SO_REUSEADDR for TCP; a stale Unix socket file is removed first, a live one
/// is not).
Result<UniqueFd> listen_on(const Address& address, const ListenOptions& options = {});
/// Whether it listens still: a process that shares it may have shut it down (SO_ACCEPTCONN).
bool is_listening(BorrowedFd socket);
/// Whether `listener`, which listens at `address`, can be reached there: it was not shut down, and
/// nobody took its file away.
bool is_reachable(BorrowedFd listener, const Address& address);
/// Clears O_NONBLOCK, which every process that shares the socket may set.
Result<void> make_blocking(BorrowedFd socket);
/// Starts to connect: the socket is writable when it is decided; connect_error() then tells how.
/// `in_progress` is false if it is connected at once. An empty host means loopback.
Result<UniqueFd> start_connect(const Address& address, bool& in_progress);
/// SO_ERROR: 0 = connected.
int connect_error(BorrowedFd socket);
/// Whether the TCP port can be bound on 127.0.0.1 and on any address right now.
bool port_is_free(std::uint16_t port);
/// Accepts one connection, or a closed UniqueFd (errno tells why).
UniqueFd accept_on(BorrowedFd listener);

struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
std::optional<PeerCredentials> peer_credentials(BorrowedFd socket);

}  // namespace berth::os
