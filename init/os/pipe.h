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

}  // namespace berth::os
