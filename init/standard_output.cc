// Where berth's own standard output comes from (declared in log_hub.h).
#include <cerrno>
#include <utility>

#include "init/log_hub.h"
#include "init/os/stream.h"
#include "init/os/writer_process.h"

namespace berth {

StandardOutput open_standard_output() {
  constexpr int kStandardOutput = 1;
  const os::BorrowedFd inherited(kStandardOutput);
  auto own = os::reopen_for_writing(inherited);
  if (own)
    return {*std::move(own), 0};
  if (own.error().os_errno == ENOENT)
    return {};  // descriptor 1 is closed
  if (auto writer = os::start_writer_process(inherited))
    return {std::move(writer->socket), writer->pid};
  return {};
}

}  // namespace berth
