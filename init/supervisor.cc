// Wiring, signals, and the end of each turn of the loop.
#include "init/supervisor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <signal.h>

#include "init/log.h"
#include "init/os/leftovers.h"
#include "init/os/memory_reserve.h"
#include "init/os/packet_socket.h"
#include "init/os/startup.h"
#include "units/signal_rules.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kLastWords{200};

// A shell stops and continues berth itself; only a command is stopped with it.
std::vector<int> signals_for(bool with_command) {
  std::vector<int> taken = signals_taken();
  if (!with_command)
    std::erase(taken, SIGTSTP);
  return taken;
}

}  // namespace

Supervisor::Supervisor(os::EventLoop& loop, const Settings& settings, LogHub& logs,
                       std::vector<std::string> command)
    : loop_(loop),
      settings_(settings),
      logs_(logs),
      resources_(loop, find_cgroups(own_cgroup_view()),
                 cgroup_name(settings.has_run_dir ? settings.run_dir() : "")),
      endpoints_(settings),
      proxies_(loop, settings),
      loans_(loop),
      launcher_(settings, logs, endpoints_, proxies_, resources_),
      cleaner_(loop, table_, logs, resources_.groups(), settings),
      readiness_({loop, table_, reaper_, logs, launcher_, endpoints_, cleaner_}),
      provisions_(loop, reaper_, logs, launcher_, settings),
      job_runs_(loop, table_, reaper_, logs, launcher_, resources_),
      lives_({loop, table_, reaper_, logs, launcher_, endpoints_, cleaner_, provisions_, readiness_,
              proxies_, job_runs_, resources_, settings}),
      notifications_({loop, table_, logs, readiness_, lives_, settings}),
      notify_socket_(
          loop, [this](const os::Datagram& datagram) { notifications_.on_datagram(datagram); }),
      manager_(loop, table_, logs, lives_),
      leases_(loop, table_, proxies_, manager_, settings),
      activation_(loop, table_, logs, manager_, endpoints_.sockets()),
      idle_(loop, table_, logs, manager_, leases_),
      memory_({loop, table_, logs, resources_.groups(), cleaner_, launcher_, reaper_, manager_,
               leases_, idle_}),
      reloader_({loop, table_, manager_, leases_, launcher_, proxies_, logs, cleaner_, settings,
                 activation_, idle_, resources_.groups(), memory_}),
      shutdown_(loop, table_, manager_, leases_),
      last_end_(loop, reaper_, launcher_),
      alarm_(loop, [this] { triggers_.on_alarm(); }),
      triggers_({loop, table_, manager_, logs, alarm_, local_time_}),
      machine_api_(loop, reaper_, launcher_, settings),
      machine_idle_({loop, table_, manager_, leases_, triggers_, shutdown_, logs},
                    {[this] { return machine_api_.lack(); },
                     [this](const MachineIdleSpec& spec, MachineApi::Done done) {
                       machine_api_.ask(spec, std::move(done));
                     },
                     [this](const std::string& why) { request_shutdown(why); }}),
      history_(loop, table_, logs),
      feed_(loop, [this](const UnitRuntime& unit) { return manager_.waits_for(unit); }),
      timeline_(loop.clock()),
      figures_(table_, memory_),
      admin_({loop, table_, manager_, leases_, reloader_, cleaner_, shutdown_, jobs_, feed_,
              timeline_, triggers_, logs, reaper_, launcher_, memory_, figures_, settings}),
      admin_link_(loop, reaper_, settings, admin_),
      run_dir_watch_(loop, settings.run_dir(), [this] { open_sockets(); }),
      idle_trim_(loop, os::give_back_memory),
      command_(command.empty()
                   ? nullptr
                   : std::make_unique<OneCommand>(loop, reaper_, settings, std::move(command))),
      signals_(loop, signals_for(command_ != nullptr),
               [this](const os::SignalInfo& signal) { hear(signal); }) {
  launcher_.set_loans(loans_);
  reaper_.set_observer([this](pid_t pid) { loans_.take_back(pid); });
  proxies_.set_owner(leases_);
  proxies_.set_figures([this] { return figures_.take(); });
  manager_.set_leases(leases_);
  manager_.set_watcher([this](UnitRuntime& unit, UnitState from) {
    timeline_.on_state(unit, from);
    figures_.on_state(unit, from);
    feed_.tell(unit, from);
  });
  manager_.set_observer([this](UnitRuntime& unit) { on_state(unit); });
  job_runs_.set_reload([this](UnitRuntime& job) -> Result<void> {
    if (shutdown_.requested())
      return Error{ErrorCode::unavailable, "berth is shutting down"};
    BERTH_TRY(reloader_.reload(&job));
    return {};
  });
  reloader_.set_on_applied([this](const UnitRuntime* by) {
    triggers_.reloaded(by);
    machine_idle_.loaded();
    triggers_.release_held();  // it may have ended the maintenance
  });
  triggers_.set_maintenance([this](const UnitRuntime& job) {
    return reloader_.in_maintenance() && !reloader_.ends_maintenance(job);
  });
  triggers_.set_on_resume([this] {
    reloader_.resumed();
    machine_idle_.woke();
  });
  triggers_.set_may_sleep([this] { return machine_idle_.may_sleep(); });
  shutdown_.set_triggers(triggers_);
  leases_.set_activity([this](const std::string& proxy, const control::Activity& activity) {
    machine_idle_.on_activity(proxy, activity);
  });
  leases_.set_configured([this](const std::string& link) { lives_.proxy_configured(link); });
  leases_.set_replace([this](const std::string& link) { lives_.kill_proxy(link); });
  lives_.generations().set_observer([this](UnitRuntime& unit) { on_state(unit); });
  admin_.set_last_end(last_end_);
  admin_.set_shut_down([this](const std::string& why) { request_shutdown(why); });
  logs_.set_file_writer([this] { return start_log_writer(); });
  admin_.set_admin_pid([this] { return admin_link_.pid(); });
  loop_.set_exception_handler(give_up);
  loop_.set_turn_end([this] { end_turn(); });
  resources_.groups().begin(settings.is_pid1);
}

void Supervisor::end_turn() {
  manager_.drain();
  cleaner_.run();
  manager_.drain();
  if (command_ && !command_->has_begun() && !shutdown_.requested() && is_settled())
    start_command();
  idle_trim_.after_turn();
  look_after_memory();
}

// Last in a turn: until then what the turn has to do may need the reserve.
void Supervisor::look_after_memory() {
  if (!os::is_memory_short())
    return;
  const bool is_short = !os::MemoryReserve::refill();
  if (is_short && !std::exchange(shortage_said_, true))
    log_warning("out of memory: nothing is begun until there is some");
  if (!is_short && std::exchange(shortage_said_, false))
    log_info("there is memory again");
}

bool Supervisor::is_settled() const {
  return std::all_of(table_.all().begin(), table_.all().end(), [](const auto& entry) {
    const UnitRuntime& unit = *entry.second;
    return is_at_rest(unit.state) || unit.state == UnitState::backoff ||
           (unit.state == UnitState::running && !unit.is_job());
  });
}

void Supervisor::start_command() {
  command_->start([this] {
    shutdown_.request(reloader_.config(), "the command has ended");
    if (command_->was_hurried())
      shutdown_.request(reloader_.config(), "whoever hurried the command");
  });
}

// The command may need the units until its end: it goes first.
void Supervisor::request_shutdown(const std::string& why) {
  run_dir_watch_.end();
  if (!command_ || !command_->end(why, reloader_.config().shutdown_timeout / 4))
    shutdown_.request(reloader_.config(), why);
}

void Supervisor::open_sockets() {
  if (const auto listening = admin_link_.listen(); !listening)
    log_warning("berthctl cannot reach this berth: " + listening.error().message);
  if (const auto listening = notify_socket_.open(settings_); !listening)
    log_warning("units cannot use sd_notify: " + listening.error().message);
  launcher_.set_notify_address(notify_socket_.address());
}

int Supervisor::run() {
  open_sockets();
  if (settings_.has_run_dir)
    run_dir_watch_.begin(std::move(run_dir_lock_));
  reloader_.boot();
  keep_state();
  triggers_.loaded();
  machine_idle_.loaded();
  end_turn();  // what fails at once is cleaned up even if nothing ever happens
  if (!shutdown_.is_over())
    loop_.run();
  end_leftovers();
  return command_ && command_->has_begun() ? command_->status() : shutdown_.exit_status();
}

void Supervisor::keep_state() {
  last_end_.begin(reloader_.config().state_folder);
  if (last_end_.is_kept())
    shutdown_.set_record([this](const std::vector<std::string>& lines, std::function<void()> done) {
      last_end_.record(lines, std::move(done));
    });
}

// What has left its unit, or was never in one. Our own helpers go by themselves: berth-admin still
// has an answer to give.
void Supervisor::end_leftovers() {
  const std::vector<pid_t> helpers{admin_link_.pid(), settings_.log_writer, log_files_writer_,
                                   last_end_.abandon()};
  if (const auto left = os::leftovers(helpers); !left.empty())
    log_warning(std::to_string(left.size()) + " processes that belong to no unit are told to end");
  resources_.groups().end();
  log_info("the end");
  logs_.flush(kLastWords);
  os::end_leftovers(helpers, os::kOrphanGrace);
}

// One signal that cannot be acted on takes no other with it.
void Supervisor::hear(const os::SignalInfo& signal) noexcept {
  try {
    on_signal(signal);
  } catch (const std::exception& exception) {
    give_up(exception.what());
  }
}

void Supervisor::give_up(const char* what) noexcept {
  try {
    log_error(std::string("something was given up: ") + what);
  } catch (...) {
    log_error(what);  // out of memory
  }
}

Result<os::UniqueFd> Supervisor::start_log_writer() {
  auto [ours, theirs] = BERTH_TRY(os::packet_pair());
  const os::Spawned writer = BERTH_TRY(launcher_.spawn_log_writer(theirs.borrow()));
  log_files_writer_ = writer.pid;
  reaper_.expect(writer.pid, [this](const os::ExitStatus&) { log_files_writer_ = 0; });
  return std::move(ours);
}

void Supervisor::on_signal(const os::SignalInfo& signal) {
  if (signal.signal == SIGCHLD) {
    if (command_)
      command_->look_whether_stopped();
    notify_socket_.receive();  // last words, while it can be told whose they are
    return reaper_.drain();
  }
  if (!is_passed_on(signal.signal))
    return;
  const std::string from =
      signal_name(signal.signal) +
      (signal.sender == 0 ? " from outside" : " from pid " + std::to_string(signal.sender));
  const SignalRule rule = signal_rule(reloader_.config(), signal.signal);
  switch (rule.action) {
    case SignalRule::Action::restart:
      shutdown_.restart_machine();
      return request_shutdown(from);
    case SignalRule::Action::shutdown:
      return request_shutdown(from);
    case SignalRule::Action::reload:
      return reload(from);
    case SignalRule::Action::forward:
      return forward(signal, rule.unit, from);
    case SignalRule::Action::ignore:
      return;
  }
}

void Supervisor::reload(const std::string& why) {
  log_info(why + ": reload");
  if (shutdown_.requested())
    return;
  // What is wrong has been logged where it was found; nothing was changed then.
  if (const auto reloaded = reloader_.reload(); !reloaded)
    log_error("the reload was refused");
}

void Supervisor::forward(const os::SignalInfo& signal, const std::string& to,
                         const std::string& from) {
  if (to.empty() && command_)
    return command_->signal(signal.signal);
  UnitRuntime* const unit = to.empty() ? table_.main_unit() : table_.find(to);
  if (unit != nullptr && unit->life.main_pid != 0) {
    log_debug(from + " goes to " + unit->name());
    os::signal_process(unit->life.pidfd.borrow(), unit->life.main_pid, signal.signal);
  } else if (unit == nullptr && to.empty() && signal.signal == SIGQUIT) {
    // The stop signal of images whose only program it was meant for (STOPSIGNAL).
    request_shutdown(from);
  } else {
    log_debug(from + ": there is nobody to forward it to");
  }
}

void Supervisor::on_state(UnitRuntime& unit) {
  if (unit.is_job()) {
    reloader_.on_job(unit);
    history_.on_state(unit);
    triggers_.release_held();
  }
  if (is_at_rest(unit.state) && unit.state != UnitState::failed)
    logs_.retire(unit.name());  // why it failed may be asked for later
  activation_.on_state(unit);
  idle_.on_state(unit);
  jobs_.on_state(unit);
  triggers_.on_state(unit);
  machine_idle_.on_state(unit);
  memory_.on_state(unit);
  reloader_.on_state(unit);
  const auto why = shutdown_.on_state(unit);
  // A command that has been told to end already need not hurry.
  if (why && !(command_ && command_->is_told_to_end()))
    request_shutdown(*why);
}

}  // namespace berth
