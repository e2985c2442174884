// Forks the writer process and lets it end.
//
// A socket pair and not a pipe, because the end of a socket pair tells when the writer has gone:
// PID 1 of a namespace takes every process with it when it exits, so it has to know that its last
// words have been written.
#include "init/os/writer_process.h"

#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/stream.h"

namespace berth::os {
namespace {

constexpr std::size_t kCopyBuffer = std::size_t{16} * 1024;
constexpr int kSource = 0;
constexpr int kTarget = 1;
constexpr int kFirstOther = 2;

/// Old seccomp profiles refuse close_range(2), and its number is unknown to old kernels.
void close_all_from(int first) {
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0)
    return;
  const long end = ::sysconf(_SC_OPEN_MAX);
  for (int fd = first; fd < end; ++fd)
    ::close(fd);
}

bool write_all(const char* bytes, ssize_t size) {
  while (size > 0) {
    const ssize_t written = ::write(kTarget, bytes, static_cast<std::size_t>(size));
    if (written < 0 && errno == EAGAIN) {
      // Somebody who shares the target has made it non-blocking.
      pollfd wanted{kTarget, POLLOUT, 0};
      ::poll(&wanted, 1, -1);
      continue;
    }
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    bytes += written;
    size -= written;
  }
  return true;
}

[[noreturn]] void run_writer() {
  ::prctl(PR_SET_NAME, "berth-writer");
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
    std::signal(signal, SIG_IGN);
  close_all_from(kFirstOther);
  char buffer[kCopyBuffer];
  for (;;) {
    const ssize_t size = ::read(kSource, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      ::_exit(0);
    if (!write_all(buffer, size))
      ::_exit(1);
  }
}

}  // namespace

Result<WriterProcess> start_writer_process(BorrowedFd target) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return errno_error("socketpair for the writer process");
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  if (!make_nonblocking(ours.borrow()))
    return errno_error("fcntl of the writer process's socket");
  const pid_t pid = ::fork();
  if (pid < 0)
    return errno_error("fork the writer process");
  if (pid > 0)
    return WriterProcess{std::move(ours), pid};
  // The target first: the socket may be what descriptor 0 is now, the target never is.
  if (target.raw() != kTarget && ::dup2(target.raw(), kTarget) < 0)
    ::_exit(1);
  if (::dup2(theirs.raw(), kSource) < 0)
    ::_exit(1);
  run_writer();
}

void finish_writer_process(BorrowedFd socket, std::chrono::milliseconds limit) {
  ::shutdown(socket.raw(), SHUT_WR);
  pollfd wanted{socket.raw(), POLLIN, 0};
  ::poll(&wanted, 1, static_cast<int>(limit.count()));
}

}  // namespace berth::os
