// pipe2.
#include "init/os/pipe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {

namespace {

Result<Pipe> make_pipe(bool is_for_writing) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return errno_error("pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (::fcntl(ends[is_for_writing ? 1 : 0], F_SETFL, O_NONBLOCK) != 0)
    return errno_error("make a pipe non-blocking");
  return pipe;
}

}  // namespace

Result<Pipe> make_pipe() {
  return make_pipe(false);
}

Result<PipePair> make_pipe_pair() {
  constexpr mode_t kForAll = 0666;
  PipePair pair{BERTH_TRY(make_pipe(true)), BERTH_TRY(make_pipe(false))};
  for (const UniqueFd* end : {&pair.input.read_end, &pair.output.write_end})
    if (::fchmod(end->raw(), kForAll) != 0)
      return errno_error("open a pipe to others");
  return pair;
}

}  // namespace berth::os
