// Wiring, signals, and the end of each turn of the loop.
#include "init/supervisor.h"

#include <signal.h>

#include "init/log.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kLastWords{200};

/// SIGRTMIN+3 by number: container runtimes send 37 to ask an init to stop (systemd(1)).
constexpr int kContainerStop = 37;
/// SIGRTMIN+5, with which systemd is asked to restart the machine.
constexpr int kMachineRestart = 39;

}  // namespace

Supervisor::Supervisor(os::EventLoop& loop, const Settings& settings, LogHub& logs)
    : loop_(loop),
      settings_(settings),
      logs_(logs),
      endpoints_(settings),
      proxies_(loop, settings),
      launcher_(settings, logs, endpoints_, proxies_),
      cleaner_(loop, table_, logs, settings),
      readiness_({loop, table_, reaper_, logs, launcher_, endpoints_, cleaner_}),
      job_runs_(loop, table_, reaper_, logs, launcher_),
      lives_({loop, table_, reaper_, logs, launcher_, endpoints_, cleaner_, readiness_, proxies_,
              job_runs_, settings}),
      notifications_({loop, table_, logs, readiness_, lives_, settings}),
      notify_socket_(
          loop, [this](const os::Datagram& datagram) { notifications_.on_datagram(datagram); }),
      manager_(loop, table_, logs, lives_),
      leases_(loop, table_, proxies_, manager_, settings),
      reloader_({loop, table_, manager_, leases_, launcher_, proxies_, logs, cleaner_, settings}),
      shutdown_(loop, table_, manager_, leases_),
      admin_({loop, table_, manager_, leases_, reloader_, cleaner_, shutdown_, jobs_, logs, reaper_,
              launcher_, settings}),
      admin_link_(loop, reaper_, settings, admin_),
      signals_(loop,
               {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2, kContainerStop,
                kMachineRestart},
               [this](const os::SignalInfo& signal) { on_signal(signal); }) {
  proxies_.set_owner(leases_);
  manager_.set_leases(leases_);
  manager_.set_observer([this](UnitRuntime& unit) { on_state(unit); });
  job_runs_.set_reload([this](UnitRuntime&) -> Result<void> {
    BERTH_TRY(reloader_.reload());
    return {};
  });
  leases_.set_configured([this](const std::string& proxy) {
    if (UnitRuntime* unit = table_.find(proxy))
      lives_.proxy_configured(*unit);
  });
  leases_.set_replace([this](const std::string& proxy) { replace_proxy(proxy); });
  admin_.set_admin_pid([this] { return admin_link_.pid(); });
  loop_.set_exception_handler(
      [](const char* what) { log_error(std::string("something was given up: ") + what); });
  loop_.set_turn_end([this] { end_turn(); });
}

void Supervisor::end_turn() {
  manager_.drain();
  cleaner_.run();
  manager_.drain();
}

int Supervisor::run() {
  if (const auto listening = admin_link_.listen(); !listening)
    log_warning("berthctl cannot reach this berth: " + listening.error().message);
  if (const auto listening = notify_socket_.open(settings_); !listening)
    log_warning("units cannot use sd_notify: " + listening.error().message);
  launcher_.set_notify_address(notify_socket_.address());
  reloader_.boot();
  end_turn();  // what fails at once is cleaned up even if nothing ever happens
  loop_.run();
  log_info("the end");
  logs_.flush(kLastWords);
  return shutdown_.exit_status();
}

void Supervisor::on_signal(const os::SignalInfo& signal) {
  const std::string from =
      signal_name(signal.signal) +
      (signal.sender == 0 ? " from outside" : " from pid " + std::to_string(signal.sender));
  switch (signal.signal) {
    case SIGCHLD:
      notify_socket_.receive();  // last words, while it can be told whose they are
      reaper_.drain();
      break;
    case kMachineRestart:
      machine_end_ = os::MachineEnd::restart;
      [[fallthrough]];
    case SIGTERM:
    case SIGINT:
    case kContainerStop:
      shutdown_.request(reloader_.config(), from);
      break;
    case SIGHUP:
      log_info(from + ": reload");
      if (shutdown_.requested())
        break;
      // What is wrong has been logged where it was found; nothing was changed then.
      if (const auto reloaded = reloader_.reload(); !reloaded)
        log_error("the reload was refused");
      break;
    default:
      break;
  }
}

void Supervisor::on_state(UnitRuntime& unit) {
  if (unit.is_job())
    reloader_.push_routes();  // it may have ended the maintenance
  jobs_.on_state(unit);
  reloader_.on_state(unit);
  shutdown_.on_state();
}

void Supervisor::replace_proxy(const std::string& proxy) {
  UnitRuntime* unit = table_.find(proxy);
  if (unit != nullptr && unit->life.main_pid != 0)
    os::signal_process(unit->life.pidfd.borrow(), unit->life.main_pid, SIGKILL);
}

}  // namespace berth
