// The process that stands between berth and a standard output that may block.
#pragma once

#include <chrono>

#include <sys/types.h>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

struct WriterProcess {
  UniqueFd socket;  ///< what is written here is copied; non-blocking
  pid_t pid = 0;
};

/// Starts a process that copies what it is sent to `target`, which may block it as it likes; it
/// ends when the socket is closed. It leaves the caller's session, ignores
/// the signals of terminals and is a child like any other: whoever reaps will see it end.
Result<WriterProcess> start_writer_process(BorrowedFd target);

/// Tells the writer process that no more will come and waits until it has written everything and
/// gone, at most `limit`.
void finish_writer_process(BorrowedFd socket, std::chrono::milliseconds limit);

}  // namespace berth::os
