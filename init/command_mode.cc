// What tini and dumb-init do.
#include "init/command_mode.h"

#include <chrono>

#include <signal.h>
#include <unistd.h>

#include "init/environment.h"
#include "init/log.h"
#include "init/one_command.h"
#include "init/os/event_loop.h"
#include "init/os/leftovers.h"
#include "init/os/signal_fd.h"
#include "init/os/startup.h"
#include "init/privileges.h"
#include "init/reaper.h"
#include "init/settings.h"
#include "units/signal_rules.h"

namespace berth {

int run_command_alone(const Options& options) {
  set_log_level("warning");
  Settings settings;
  settings.environment = own_environment();
  settings.original_nofile = os::raise_nofile();
  settings.is_root = may_change_ids();
  if (::getpid() != 1) {
    if (const auto done = os::become_subreaper(); !done)
      log_warning("orphans of the command are not reaped here: " + done.error().message);
  }
  const os::SystemClock clock;
  os::EventLoop loop(clock);
  Reaper reaper;
  OneCommand command(loop, reaper, settings, options.command);
  const os::SignalFd signals(loop, signals_taken(), [&](const os::SignalInfo& arrived) {
    if (arrived.signal == SIGCHLD) {
      command.look_whether_stopped();
      reaper.drain();
    } else if (is_passed_on(arrived.signal)) {
      command.signal(arrived.signal);
    }
  });
  command.start([&loop] { loop.stop(); });
  loop.run();
  os::end_leftovers({}, os::kOrphanGrace);
  return command.status();
}

}  // namespace berth
