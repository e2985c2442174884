// The least that PID 1 can do: an orderly end.
#include "init/emergency.h"

#include <chrono>
#include <cstdio>

#include "init/bare_kernel.h"
#include "init/os/crash_handler.h"
#include "init/os/leftovers.h"
#include "init/os/startup.h"

namespace berth {
namespace {

// Inside the ten seconds that a container has, with room for whoever restarts it.
constexpr std::chrono::milliseconds kGrace{5'000};

}  // namespace

int run_emergency() {
  os::hold_signals();
  std::fprintf(stderr, "berth: crash: everything is told to end, and killed in %lld s\n",
               static_cast<long long>(kGrace.count() / 1'000));
  os::end_leftovers({}, kGrace);
  std::fprintf(stderr, "berth: crash: nothing is left, exit status %d\n", os::kCrashed);
  BareKernel().end(os::MachineEnd::power_off);
  return os::kCrashed;
}

}  // namespace berth
