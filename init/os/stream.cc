// Non-blocking reads and writes, and descriptions of our own.
#include "init/os/stream.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {
namespace {

Transfer outcome(ssize_t moved) {
  if (moved > 0)
    return {TransferState::done, static_cast<std::size_t>(moved), 0};
  if (moved == 0)
    return {TransferState::ended, 0, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return {TransferState::would_block, 0, 0};
  if (errno == EPIPE)
    return {TransferState::ended, 0, 0};
  return {TransferState::failed, 0, errno};
}

bool has_type(BorrowedFd fd, mode_t type) {
  struct stat about {};
  return ::fstat(fd.raw(), &about) == 0 && (about.st_mode & S_IFMT) == type;
}

}  // namespace

Transfer read_some(BorrowedFd fd, std::span<char> buffer) {
  ssize_t moved = -1;
  do {
    moved = ::read(fd.raw(), buffer.data(), buffer.size());
  } while (moved < 0 && errno == EINTR);
  return outcome(moved);
}

Transfer write_some(BorrowedFd fd, std::string_view bytes) {
  ssize_t moved = -1;
  do {
    moved = ::write(fd.raw(), bytes.data(), bytes.size());
  } while (moved < 0 && errno == EINTR);
  return outcome(moved);
}

bool make_nonblocking(BorrowedFd fd) {
  const int flags = ::fcntl(fd.raw(), F_GETFL);
  return flags >= 0 && ::fcntl(fd.raw(), F_SETFL, flags | O_NONBLOCK) == 0;
}

bool is_pipe(BorrowedFd fd) {
  return has_type(fd, S_IFIFO);
}

bool is_socket(BorrowedFd fd) {
  return has_type(fd, S_IFSOCK);
}

bool is_connected_to_itself(BorrowedFd socket) {
  sockaddr_storage here{};
  sockaddr_storage there{};
  socklen_t here_size = sizeof here;
  socklen_t there_size = sizeof there;
  return ::getsockname(socket.raw(), reinterpret_cast<sockaddr*>(&here), &here_size) == 0 &&
         ::getpeername(socket.raw(), reinterpret_cast<sockaddr*>(&there), &there_size) == 0 &&
         (here.ss_family == AF_INET || here.ss_family == AF_INET6) && here_size == there_size &&
         std::memcmp(&here, &there, here_size) == 0;
}

Result<UniqueFd> reopen_for_writing(BorrowedFd fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd.raw());
  // O_NOCTTY: a session leader, as PID 1 is, would get the terminal as its own.
  UniqueFd own(has_type(fd, S_IFREG)
                   ? ::fcntl(fd.raw(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                   : ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!own.is_open())
    return errno_error("open " + path);
  return own;
}

Result<UniqueFd> open_for_appending(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  constexpr mode_t kMode = 0640;
  UniqueFd file(::open(path.c_str(), kFlags, kMode));
  if (!file.is_open())
    return errno_error("open " + path);
  return file;
}

bool wait_writable(BorrowedFd fd, std::chrono::milliseconds limit) {
  pollfd wanted{fd.raw(), POLLOUT, 0};
  return ::poll(&wanted, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace berth::os
