// pipe2.
#include "init/os/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return errno_error("pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
    return errno_error("make a pipe non-blocking");
  return pipe;
}

}  // namespace berth::os
