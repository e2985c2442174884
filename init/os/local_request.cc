// Blocking calls, on purpose.
#include "init/os/local_request.h"

#include <cerrno>

#include <sys/socket.h>
#include <sys/time.h>

#include "init/os/errno_error.h"
#include "init/os/socket.h"

namespace berth::os {
namespace {

constexpr std::size_t kMostAnswer = 4096;
constexpr time_t kPauseSeconds = 1;

Result<void> send_all(BorrowedFd socket, const std::string& path, std::string_view request) {
  while (!request.empty()) {
    const ssize_t sent = ::send(socket.raw(), request.data(), request.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      return errno_error("write to " + path);
    request.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

}  // namespace

Result<std::string> ask_socket(const std::string& path, std::string_view request) {
  bool in_progress = false;
  const UniqueFd socket =
      BERTH_TRY(start_connect(Address{Address::Family::unix_socket, "", 0, path}, in_progress));
  BERTH_TRY(make_blocking(socket.borrow()));
  BERTH_TRY(send_all(socket.borrow(), path, request));
  std::string answer;
  char room[kMostAnswer];
  while (answer.size() < kMostAnswer) {
    const ssize_t got = ::recv(socket.raw(), room, kMostAnswer - answer.size(), 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    answer.append(room, static_cast<std::size_t>(got));
    // Whoever has begun to answer has the rest at hand.
    const timeval pause{kPauseSeconds, 0};
    ::setsockopt(socket.raw(), SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
  }
  return answer;
}

}  // namespace berth::os
