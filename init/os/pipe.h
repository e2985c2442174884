// Pipes between berth and its children.
#pragma once

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

/// Both ends are close-on-exec. Only our end, the read end, is non-blocking: the child gets an
/// ordinary pipe.
struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};
Result<Pipe> make_pipe();

/// Two pipes to a program that another process starts: our ends are non-blocking, its ends are
/// ordinary ones, which it may also open by name (/dev/stdin), whoever it runs as. All are
/// close-on-exec.
struct PipePair {
  Pipe input;   ///< we write
  Pipe output;  ///< we read
};
Result<PipePair> make_pipe_pair();

}  // namespace berth::os
