// Lines on standard error.
#include "proxy/diagnostics.h"

#include <cstdlib>
#include <string>

#include "init/os/stream.h"

namespace berth::proxy {

void report(std::string_view message) {
  std::string line(message);
  line += '\n';
  os::write_some(os::BorrowedFd(2), line);  // lost if nobody reads: nothing else could be done
}

void log_bug(std::string_view message) {
  report("bug: " + std::string(message));
#ifdef BERTH_DEBUG
  std::abort();
#endif
}

}  // namespace berth::proxy
