// prctl(2) says EINVAL to what it does not know, getting as well as setting.
#include "init/os/memory_switches.h"

#include <cstdlib>

#include <sys/prctl.h>

#include "init/os/errno_error.h"
#include "init/os/files.h"

namespace berth::os {
namespace {

constexpr int kGetMemoryMerge = 68;  // PR_GET_MEMORY_MERGE; the headers of Debian 12 are older
constexpr std::size_t kMostText = 64;

}  // namespace

Result<void> can_disable_huge_pages() {
  if (::prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) < 0)
    return errno_error("prctl PR_GET_THP_DISABLE");
  return {};
}

Result<void> can_merge_pages() {
  if (::prctl(kGetMemoryMerge, 0, 0, 0, 0) < 0)
    return errno_error("prctl PR_GET_MEMORY_MERGE");
  return {};
}

bool merges_pages() {
  const auto run = read_file("/sys/kernel/mm/ksm/run", kMostText);
  return run && run->starts_with('1');
}

int own_oom_score_adj() {
  const auto text = read_file("/proc/self/oom_score_adj", kMostText);
  return text ? std::atoi(text->c_str()) : 0;
}

}  // namespace berth::os
