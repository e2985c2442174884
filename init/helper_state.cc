// The helpers that keep what outlives the container.
#include <algorithm>
#include <cstdio>

#include "init/helper_mode.h"
#include "init/state_folder.h"

namespace berth::helper {

int state_begin(const Arguments& arguments) {
  if (arguments.size() != 1)
    return complain("state-begin: wants FOLDER", kUsage);
  auto last = begin_state(arguments.front());
  if (!last)
    return complain(last.error().message, kNo);
  std::replace(last->begin(), last->end(), '\n', '\0');
  const bool written = std::fwrite(last->data(), 1, last->size(), stdout) == last->size();
  return written && std::fflush(stdout) == 0 ? kYes : kNo;
}

int state_end(const Arguments& arguments) {
  if (arguments.size() != 2)
    return complain("state-end: wants FOLDER LINES", kUsage);
  const auto written = write_last_end(arguments[0], arguments[1]);
  return written ? kYes : complain(written.error().message, kNo);
}

}  // namespace berth::helper
