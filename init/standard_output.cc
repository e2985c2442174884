// Where berth's own standard output comes from (declared in log_hub.h).
#include "init/log_hub.h"
#include "init/os/stream.h"
#include "init/os/writer_process.h"

namespace berth {

os::UniqueFd open_standard_output() {
  constexpr int kStandardOutput = 1;
  const os::BorrowedFd inherited(kStandardOutput);
  if (auto own = os::reopen_for_writing(inherited))
    return *std::move(own);
  if (auto writer = os::start_writer_process(inherited))
    return *std::move(writer);
  return {};
}

}  // namespace berth
