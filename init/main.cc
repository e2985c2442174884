// berth: PID 1 of a container, or a subreaper anywhere else.
#include <algorithm>
#include <cstdio>
#include <string_view>
#include <thread>

#include <unistd.h>

#include "init/bare_kernel.h"
#include "init/command_mode.h"
#include "init/emergency.h"
#include "init/environment.h"
#include "init/helper_modes.h"
#include "init/log.h"
#include "init/log_hub.h"
#include "init/options.h"
#include "init/os/crash_handler.h"
#include "init/os/event_loop.h"
#include "init/os/files.h"
#include "init/os/memory_reserve.h"
#include "init/os/process.h"
#include "init/os/random.h"
#include "init/os/startup.h"
#include "init/privileges.h"
#include "init/run_dir.h"
#include "init/settings.h"
#include "init/supervisor.h"
#include "init/sweep.h"

namespace berth {
namespace {

Settings find_settings(const Options& options, bool has_run_dir, pid_t log_writer,
                       bool ends_machine) {
  Settings settings;
  settings.has_run_dir = has_run_dir;
  settings.folders = options.folders;
  settings.environment = own_environment();
  const std::string program = os::own_program_path();
  settings.programs = program.substr(0, program.rfind('/'));
  settings.helper_program = program;
  settings.original_nofile = os::raise_nofile();
  settings.is_root = may_change_ids();
  settings.capabilities = own_capabilities();
  settings.is_pid1 = ::getpid() == 1;
  settings.ends_machine = ends_machine;
  settings.unit_gids = UnitGids::reserve(os::random_number());
  settings.log_writer = log_writer;
  settings.cpus = std::max(1U, std::thread::hardware_concurrency());
  return settings;
}

// Runs the units until the end; `machine_end`: how the machine is to end then.
int run_units(const Options& options, const BareKernel& kernel, os::MachineEnd& machine_end) {
  auto lock = claim_run_dir(options.folders.run_dir);
  if (!lock && lock.error().code == ErrorCode::exists) {
    std::fprintf(stderr, "berth: %s\n", lock.error().message.c_str());
    return 1;
  }
  StandardOutput output = open_standard_output();
  const Settings settings =
      find_settings(options, lock.has_value(), output.writer, kernel.is_here());
  const os::MemoryReserve reserve;
  const os::SystemClock clock;
  os::EventLoop loop(clock);
  LogHub logs(loop, std::move(output.fd));
  set_log_sink(&logs);
  log_info("berth " BERTH_VERSION ", pid " + std::to_string(::getpid()) +
           (settings.is_pid1 ? "" : ", not PID 1: it reaps what descends from it"));
  kernel.say_problems();
  if (!os::exists("/proc/self/stat"))
    log_warning("there is no /proc: what units leave behind is not found, and memory not measured");
  if (!lock)
    log_warning("without a run dir there is no berthctl and no generated unit: " +
                lock.error().message);
  if (!settings.is_pid1) {
    if (const auto done = os::become_subreaper(); !done)
      log_warning("orphans of units are not reaped here: " + done.error().message);
  }
  Supervisor supervisor(loop, settings, logs, options.command);
  if (lock)
    supervisor.hold_run_dir(*std::move(lock));
  const int status = supervisor.run();
  set_log_sink(nullptr);
  machine_end = supervisor.machine_end();
  return status;
}

// Kernels pass on what they do not understand of their command line: no reason not to boot.
Result<Options> kernel_options(const Result<Options>& given) {
  if (given)
    return given;
  std::fprintf(stderr, "berth: %s: all options are ignored\n", given.error().message.c_str());
  return Options{};
}

}  // namespace
}  // namespace berth

int main(int argc, char** argv) {
  if (const auto status = berth::run_helper_mode(argc, argv))
    return *status;
  if (argc == 2 && std::string_view(argv[1]) == "--emergency")
    return berth::run_emergency();
  berth::os::hold_signals();
  berth::BareKernel kernel;
  kernel.prepare();
  berth::os::secure_standard_fds();
  auto options = berth::parse_options(argc, argv);
  if (kernel.is_here())
    options = berth::kernel_options(options);
  if (!options) {
    std::fprintf(stderr, "berth: %s\n%s", options.error().message.c_str(), berth::usage().c_str());
    return 2;
  }
  if (options->help || options->version) {
    std::fputs(options->help ? berth::usage().c_str() : "berth " BERTH_VERSION "\n", stdout);
    return 0;
  }
  berth::os::install_crash_handler(berth::os::own_program_path());
  // Units beside a command are only those that were asked for.
  auto machine_end = berth::os::MachineEnd::power_off;
  const bool is_alone = !options->command.empty() && options->folders.given.empty();
  const int status = is_alone ? berth::run_command_alone(*options)
                              : berth::run_units(*options, kernel, machine_end);
  kernel.end(machine_end);
  return status;
}
