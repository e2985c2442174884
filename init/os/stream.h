// Reading and writing descriptors that never block: the outcome in words instead of -1 and errno.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

enum class TransferState {
  done,         ///< `size` bytes were moved, at least one
  would_block,  ///< not now
  ended,        ///< end of file, or nobody reads any more
  failed,       ///< `error` says how
};
struct Transfer {
  TransferState state = TransferState::failed;
  std::size_t size = 0;
  int error = 0;  ///< an errno value, for `failed`
};

/// One read(2), again after EINTR. REQUIRES: `fd` is non-blocking, `buffer` is not empty.
Transfer read_some(BorrowedFd fd, std::span<char> buffer);
/// One write(2), again after EINTR. REQUIRES: `fd` is non-blocking, SIGPIPE is ignored or blocked.
Transfer write_some(BorrowedFd fd, std::string_view bytes);

/// Sets O_NONBLOCK on the description, which everybody who shares it will see.
bool make_nonblocking(BorrowedFd fd);
bool is_pipe(BorrowedFd fd);
bool is_socket(BorrowedFd fd);
/// Whether a TCP socket is connected to itself: connecting to a port of this host on which nobody
/// listens succeeds where the kernel happens to choose that very port as the source (RFC 9293
/// section 3.5, simultaneous open).
bool is_connected_to_itself(BorrowedFd socket);
/// A description of our own of what `fd` is open on, for writing, non-blocking and close-on-exec.
/// Sockets cannot be had so, nor what belongs to somebody else. A regular file never says that it
/// would block: of that one the result is a duplicate, which shares its position with whoever else
/// writes to it.
Result<UniqueFd> reopen_for_writing(BorrowedFd fd);

/// Opens a file, or a FIFO that somebody reads, to write at its end; makes a file if there is none,
/// with mode 0640. Follows no symbolic link in the last place.
Result<UniqueFd> open_for_appending(const std::string& path);

/// Waits for at most `limit`: only for the very end of a process, when no loop runs any more.
bool wait_writable(BorrowedFd fd, std::chrono::milliseconds limit);

}  // namespace berth::os
