// fork(2) for a helper of one's own.
#include "init/os/fork_worker.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/packet_socket.h"

namespace berth::os {
namespace {

/// Closes all descriptors from 0 on except `kept`. Before Linux 5.9, or under an old seccomp
/// profile, one by one.
void close_all_but(int kept) {
  const auto close_range = [](unsigned first, unsigned last) {
    return first > last || ::syscall(SYS_close_range, first, last, 0) == 0;
  };
  const auto number = static_cast<unsigned>(kept);
  if ((kept == 0 || close_range(0, number - 1)) && close_range(number + 1, UINT_MAX))
    return;
  const long limit = ::sysconf(_SC_OPEN_MAX);
  for (int fd = 0; fd < std::min<long>(limit, INT_MAX); ++fd) {
    if (fd != kept)
      ::close(fd);
  }
}

}  // namespace

Result<UniqueFd> fork_worker(void (*body)(BorrowedFd socket)) {
  auto pair = BERTH_TRY(packet_pair());
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0)
    return errno_error("fork");
  if (child > 0)
    return std::move(pair.first);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that.
  if (::getppid() != parent)
    ::_exit(0);
  const int own = pair.second.release();
  close_all_but(own);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGCHLD, SIG_DFL);
  body(BorrowedFd(own));
  ::_exit(0);
}

bool wait_for_packet(BorrowedFd socket, std::chrono::milliseconds limit) {
  pollfd wanted{socket.raw(), POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&wanted, 1, static_cast<int>(std::min<long>(limit.count(), INT_MAX)));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace berth::os
