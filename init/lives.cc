// The processes of units, from before the first to after the last.
#include "init/lives.h"

#include <algorithm>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/proc_fs.h"
#include "init/os/random.h"

namespace berth {
namespace {

constexpr Milliseconds kKillAgain{1'000};
/// No success, whatever the unit's success_exit holds by habit.
constexpr os::ExitStatus kUnknownEnd{os::ExitStatus::How::exited, 255, false};

}  // namespace

Milliseconds Lives::monotonic() const {
  return std::chrono::duration_cast<Milliseconds>(p_.loop.now().time_since_epoch());
}

void Lives::arm(UnitRuntime& unit, Milliseconds limit) {
  p_.loop.cancel(unit.deadline);
  unit.life.due = p_.loop.now() + limit;
  unit.deadline = p_.loop.after(limit, [this, &unit] {
    unit.deadline = os::kNoTimer;
    gave_up(unit);
    p_.table.post(unit, UnitEvent::timeout);
  });
}

void Lives::run_aux(UnitRuntime& unit, std::string label, std::vector<Command> commands,
                    AuxSpawner spawner, std::function<void(std::optional<std::string>)> done) {
  unit.life.aux = std::make_unique<AuxCommands>(
      p_.loop, p_.reaper, std::move(spawner), std::move(label), std::move(commands), kAroundTimeout,
      [&unit, done = std::move(done)](std::optional<std::string> failure) {
        const auto finished = std::move(unit.life.aux);  // dies after the callback that it is in
        done(std::move(failure));
      });
  unit.life.aux->start();
}

AuxSpawner Lives::unit_spawner(UnitRuntime& unit) {
  return [this, &unit](const Command& command) { return p_.launcher.spawn_aux(unit, command); };
}

void Lives::prepare(UnitRuntime& unit) {
  unit.life = UnitLife{};
  unit.life.epoch = p_.table.next_epoch();
  unit.life.invocation_id = os::random_id();
  unit.life.started = p_.loop.now();
  unit.life.started_ms = p_.loop.clock().wall_ms();
  unit.reason.clear();
  conditions_.check(unit, [this, &unit](std::optional<std::string> failure) {
    if (failure)
      return fail_life(unit, *std::move(failure), false);
    prepare_names(unit);
  });
}

void Lives::prepare_names(UnitRuntime& unit) {
  if (unit.auto_uid)
    unit.life.names.users[kAutoUser] = unnamed_user(*unit.auto_uid);
  const WantedNames unknown =
      unknown_names(unit.unit, p_.launcher.user_of(unit.unit), unit.life.names);
  if (unknown.empty())
    return prepare_folders(unit);
  look_up_names(unit, unknown);
}

void Lives::look_up_names(UnitRuntime& unit, const WantedNames& wanted) {
  auto question = p_.launcher.ask_names(wanted);
  if (!question)
    return fail_life(unit, question.error().message, false);
  unit.life.lookup = std::make_unique<NameLookup>(
      p_.loop, p_.reaper, *std::move(question),
      [this, &unit, asked = wanted.str()](Result<FoundNames> found) {
        const auto finished = std::move(unit.life.lookup);  // dies after the callback it is in
        if (unit.life.stop_requested)
          return;  // its stop is posted already, and ends the preparations
        if (!found)
          return fail_life(unit, "look up " + asked + ": " + found.error().message, false);
        if (!found->problem.empty())
          return fail_life(unit, "[process] user \"auto\": " + found->problem, true);
        learn_names(unit, *std::move(found));
        if (unit.unit.kind == UnitKind::proxy)
          p_.launcher.learn_proxy(unit);
        prepare_folders(unit);
      });
}

void Lives::prepare_folders(UnitRuntime& unit) {
  p_.resources.groups().open(unit);
  if (const auto made = p_.launcher.prepare_run_dir(unit); !made)
    return fail_life(unit, made.error().message, !os::is_passing(made.error().os_errno));
  const Identity proxy = p_.launcher.proxy_identity(unit.unit);
  if (const auto opened = p_.endpoints.open(unit, proxy.uid, proxy.gid); !opened)
    return fail_life(unit, opened.error().message, false);
  prepare_files(unit);
}

void Lives::learn_names(UnitRuntime& unit, FoundNames found) {
  const auto own = found.users.find(kAutoUser);
  if (own != found.users.end())
    unit.auto_uid = own->second.uid;
  unit.life.names.users.merge(found.users);
  unit.life.names.groups.merge(found.groups);
}

void Lives::prepare_files(UnitRuntime& unit) {
  p_.provisions.provide(unit, [this, &unit](std::optional<std::string> failure) {
    if (unit.life.stop_requested)
      return;  // its stop is posted already, and ends the preparations
    if (failure)
      return fail_life(unit, *std::move(failure), true);
    prepare_commands(unit);
  });
}

void Lives::prepare_commands(UnitRuntime& unit) {
  if (unit.unit.service.before_start.empty())
    return p_.table.post(unit, UnitEvent::prepared);
  run_aux(unit, "before_start", unit.unit.service.before_start, unit_spawner(unit),
          [this, &unit](std::optional<std::string> failure) {
            if (unit.life.stop_requested)
              return;
            if (failure)
              return fail_life(unit, *std::move(failure), false);
            p_.table.post(unit, UnitEvent::prepared);
          });
}

void Lives::fail_life(UnitRuntime& unit, std::string reason, bool never_started) {
  unit.reason = std::move(reason);
  ExitFacts facts;
  facts.value = 1;
  facts.never_started = never_started;
  facts.wanted_up = !unit.life.stop_requested;
  unit.life.verdict = classify_exit(unit.unit, facts, unit.history, monotonic());
  p_.table.post(unit, UnitEvent::spawn_failed);
}

void Lives::spawn(UnitRuntime& unit) {
  if (unit.is_job())
    return p_.jobs.begin(unit);
  p_.readiness.begin(unit);
  auto spawned = p_.launcher.spawn_main(unit);
  if (!spawned) {
    if (spawned.error().code == ErrorCode::not_found)
      unit.life.exit_code = os::kNoSuchProgram;
    return fail_life(unit, spawned.error().message, !os::is_passing(spawned.error().os_errno));
  }
  unit.life.main_pid = spawned->pid;
  unit.life.pidfd = std::move(spawned->pidfd);
  unit.life.report = std::move(spawned->report);
  watch_main(unit);
  watch_report(unit);
  arm(unit, unit.unit.service.ready.timeout);
}

void Lives::watch_main(UnitRuntime& unit) {
  p_.reaper.expect(unit.life.main_pid,
                   [this, &unit](const os::ExitStatus& status) { on_main_exit(unit, status); });
}

void Lives::watch_report(UnitRuntime& unit) {
  unit.life.report_handler = std::make_unique<os::FunctionHandler>([this, &unit](os::Events) {
    // A failure is left for on_main_exit(): the child ends right after it.
    if (read_exec_report(unit) && !unit.life.exec_failure)
      on_executed(unit);
  });
  p_.loop.watch(unit.life.report.borrow(), true, false, *unit.life.report_handler);
}

bool Lives::read_exec_report(UnitRuntime& unit) {
  UnitLife& life = unit.life;
  std::vector<os::ChildFailure> refused;
  const auto state = os::read_report(life.report.borrow(), life.exec_failure, &refused);
  p_.launcher.warn_of(unit, refused);
  if (state == os::ReportState::pending)
    return false;
  p_.loop.unwatch(life.report.borrow());
  life.report.reset();
  return true;
}

void Lives::on_executed(UnitRuntime& unit) {
  unit.life.main_ran = true;
  if (unit.unit.kind == UnitKind::proxy)
    return;  // ready when it has its route table
  p_.readiness.executed(unit);
}

void Lives::proxy_configured(const std::string& link) {
  UnitRuntime* unit = p_.table.find(ProxyLinks::proxy_of(link));
  if (unit == nullptr || generations_.configured(*unit, link))
    return;
  if (unit->state == UnitState::starting)
    p_.table.post(*unit, UnitEvent::ready);
}

void Lives::kill_proxy(const std::string& link) {
  UnitRuntime* unit = p_.table.find(ProxyLinks::proxy_of(link));
  if (unit == nullptr || generations_.kill(*unit, link))
    return;
  if (unit->life.main_pid != 0 && link == ProxyLinks::link_of(unit->name(), unit->life.epoch))
    os::signal_process(unit->life.pidfd.borrow(), unit->life.main_pid, SIGKILL);
}

void Lives::take_over(UnitRuntime& unit, UnitRuntime& successor) {
  UnitLife& life = unit.life;
  UnitLife& next = successor.life;
  if (next.report.is_open() && !read_exec_report(successor))
    p_.loop.unwatch(next.report.borrow());
  p_.loop.cancel(std::exchange(successor.deadline, os::kNoTimer));
  p_.readiness.end(unit);
  life.epoch = next.epoch;
  life.invocation_id = std::move(next.invocation_id);
  life.names = std::move(next.names);
  life.main_pid = std::exchange(next.main_pid, 0);
  life.pidfd = std::move(next.pidfd);
  life.program = std::move(next.program);
  life.sessions.insert(life.sessions.end(), next.sessions.begin(), next.sessions.end());
  life.started = next.started;
  life.started_ms = next.started_ms;
  life.environment_file = std::move(next.environment_file);
  life.told = Told{};
  watch_main(unit);
  announce(unit);
}

void Lives::announce(UnitRuntime& unit) {
  p_.readiness.became_ready(unit);
  if (!unit.is_job()) {
    // In the same turn a short-lived process may have ended, or a watchdog have been missed: that
    // says why.
    if (unit.life.main_pid != 0 && !unit.life.gave_up_waiting)
      unit.reason.clear();
    p_.loop.disarm(unit.deadline);
  }
  if (unit.unit.service.after_start.empty())
    return;
  run_aux(unit, "after_start", unit.unit.service.after_start, unit_spawner(unit),
          [this, &unit](std::optional<std::string> failure) {
            if (failure)
              p_.logs.unit_line(unit.name(), LogLevel::warning, *failure);
          });
}

Result<void> Lives::run_reload_command(UnitRuntime& unit) {
  if (unit.life.aux)
    return Error{ErrorCode::unavailable, "another command of " + unit.name() + " still runs"};
  run_aux(unit, "reload_command", {*unit.unit.service.reload_command}, unit_spawner(unit),
          [this, &unit](std::optional<std::string> failure) {
            if (failure)
              p_.logs.unit_line(unit.name(), LogLevel::error, *failure);
          });
  return {};
}

void Lives::gave_up(UnitRuntime& unit) {
  if (unit.state != UnitState::starting && unit.state != UnitState::running)
    return;
  unit.life.gave_up_waiting = true;
  unit.reason = "not ready within " + format_duration(unit.unit.service.ready.timeout) +
                (unit.life.was_extended ? " and the time that it asked for" : "") +
                Readiness::last_answer(unit);
}

void Lives::extend_deadline(UnitRuntime& unit, Milliseconds more) {
  const bool may_wait = unit.state == UnitState::starting ||
                        (unit.state == UnitState::stopping && !unit.life.stop_by);
  if (!may_wait || p_.loop.now() + more <= unit.life.due)
    return;
  unit.life.was_extended = true;
  arm(unit, more);
}

Result<void> Lives::follow_main(UnitRuntime& unit, pid_t pid) {
  UnitLife& life = unit.life;
  const auto stat = os::read_stat(pid);
  os::UniqueFd pidfd = os::open_pidfd(pid);
  if (!stat || stat->has_ended())
    return Error{ErrorCode::not_found, "it has ended"};
  if (!pidfd.is_open() && stat->parent != ::getpid())
    return Error{ErrorCode::unavailable, "without pidfds only a child of berth can be followed"};
  p_.reaper.forget(life.main_pid);
  life.adopted.reset();
  life.main_pid = pid;
  life.pidfd = std::move(pidfd);
  if (std::find(life.sessions.begin(), life.sessions.end(), stat->session) == life.sessions.end())
    life.sessions.push_back(stat->session);
  life.adopted = std::make_unique<AdoptedMain>(
      p_.loop, p_.reaper, pid, life.pidfd.borrow(),
      [this, &unit](std::optional<os::ExitStatus> status) {
        if (!status)
          unit.reason = "its main process has ended; how, only the parent of that process knows";
        on_main_exit(unit, status.value_or(kUnknownEnd));
      });
  return {};
}

void Lives::stop_by(UnitRuntime& unit, os::TimePoint when) {
  unit.life.stop_by = when;
  if (unit.state == UnitState::stopping)
    arm(unit, time_to_stop(unit, unit.life.due));
}

/// How long it still has of the time until `due`.
Milliseconds Lives::time_to_stop(UnitRuntime& unit, os::TimePoint due) {
  UnitLife& life = unit.life;
  const auto left = [this](os::TimePoint when) {
    return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(when - p_.loop.now()));
  };
  if (!life.stop_by || *life.stop_by >= due)
    return left(due);
  life.stop_cut_to = left(*life.stop_by);
  return *life.stop_cut_to;
}

void Lives::terminate(UnitRuntime& unit) {
  UnitLife& life = unit.life;
  p_.readiness.end(unit);
  life.stop_sent = true;
  const Milliseconds limit = time_to_stop(unit, p_.loop.now() + unit.unit.service.stop_timeout);
  arm(unit, limit);
  if (unit.unit.kind == UnitKind::proxy) {
    generations_.give_up(unit);
    return p_.proxies.drain(ProxyLinks::link_of(unit.name(), life.epoch), limit, false);
  }
  const int signal = life.stop_signal != 0 ? life.stop_signal : unit.unit.service.stop_signal;
  // Before there is a main process, its commands are all there is.
  const KillScope scope = life.main_pid != 0 ? unit.unit.service.kill : KillScope::unit;
  // A stopped process cannot act on the signal before it is continued.
  for (const int each : {signal, SIGCONT}) {
    if (scope == KillScope::group)
      os::signal_led_group(life.pidfd.borrow(), life.main_pid, each);
    else
      signal_main(unit, each);
  }
  if (scope == KillScope::unit)
    p_.cleaner.signal_rest(unit, unit.unit.service.stop_signal);
}

void Lives::signal_main(UnitRuntime& unit, int signal) {
  if (unit.life.run)
    unit.life.run->signal(signal);
  else if (unit.life.main_pid != 0)
    os::signal_process(unit.life.pidfd.borrow(), unit.life.main_pid, signal);
}

void Lives::kill(UnitRuntime& unit) {
  unit.life.stop_sent = true;
  generations_.kill_all(unit);
  signal_main(unit, SIGKILL);
  if (unit.life.lookup)
    unit.life.lookup->kill();
  if (unit.life.aux)
    unit.life.aux->kill();
  p_.cleaner.signal_rest(unit, SIGKILL);
  arm(unit, kKillAgain);
}

void Lives::read_last_report(UnitRuntime& unit) {
  UnitLife& life = unit.life;
  if (life.report.is_open() && read_exec_report(unit) && !life.exec_failure)
    life.main_ran = true;
  if (!life.exec_failure)
    return;
  unit.reason = Launcher::describe(unit, unit.life.program, *life.exec_failure);
  life.never_started = !os::is_passing(life.exec_failure->os_errno);
  life.exit_code = life.exec_failure->shell_code();
}

void Lives::on_main_exit(UnitRuntime& unit, const os::ExitStatus& status) {
  UnitLife& life = unit.life;
  p_.logs.drain(unit.name());
  if (unit.unit.kind == UnitKind::proxy)
    p_.proxies.disconnect(ProxyLinks::link_of(unit.name(), life.epoch));
  if (generations_.outlives(unit))
    return;
  life.exit_code = status.shell_code();
  read_last_report(unit);
  life.main_pid = 0;
  life.adopted.reset();
  life.pidfd.reset();
  p_.readiness.end(unit);
  unit.last_exit = p_.resources.exit_words(unit, status);

  ExitFacts facts;
  facts.by_signal = status.how == os::ExitStatus::How::signaled;
  facts.value = status.value;
  facts.stop_sent = life.stop_sent;
  facts.wanted_up = !life.stop_requested;
  facts.never_started = life.never_started;
  facts.gave_up_waiting = life.gave_up_waiting;
  settle(unit, facts);
}

void Lives::settle(UnitRuntime& unit, const ExitFacts& facts) {
  // A life that lasted is no part of a series of failures.
  if (unit.life.main_ran && p_.loop.now() - unit.life.started >= unit.unit.service.restart_window)
    unit.history.forget();
  unit.life.verdict = classify_exit(unit.unit, facts, unit.history, monotonic());
  const bool bad = unit.life.verdict == Verdict::failed || unit.life.verdict == Verdict::retry;
  if (bad && unit.reason.empty())
    unit.reason = unit.last_exit;
  // A failed exec is a spawn that failed, whichever of its two messengers came first.
  const bool exec_failed = unit.life.exec_failure.has_value();
  p_.table.post(unit, exec_failed ? UnitEvent::spawn_failed : exit_event(unit.life.verdict));
}

void Lives::clean(UnitRuntime& unit) {
  p_.readiness.end(unit);
  unit.life.lookup.reset();
  unit.life.provider.reset();
  if (unit.life.aux) {
    unit.life.aux->kill();
    unit.life.aux.reset();
  }
  p_.cleaner.sweep(unit, [this, &unit] { after_sweep(unit); });
}

void Lives::after_sweep(UnitRuntime& unit) {
  UnitLife& life = unit.life;
  if (life.verdict == Verdict::retry && !unit.wanted_up)
    life.verdict = Verdict::stopped;
  if (unit.is_successor()) {
    p_.readiness.forget(unit);  // the rest belongs to the life that goes on
    return p_.table.post(unit, cleaned_event(life.verdict));
  }
  if (life.verdict != Verdict::retry && life.main_ran && !life.after_stop_done &&
      !unit.unit.service.after_stop.empty()) {
    life.after_stop_done = true;
    return run_aux(unit, "after_stop", unit.unit.service.after_stop, unit_spawner(unit),
                   [this, &unit](std::optional<std::string> failure) {
                     if (failure)
                       p_.logs.unit_line(unit.name(), LogLevel::error, *failure);
                     p_.cleaner.sweep(unit, [this, &unit] { after_sweep(unit); });
                   });
  }
  p_.readiness.forget(unit);
  p_.endpoints.close(unit);
  p_.provisions.withdraw(unit);
  p_.resources.groups().close(unit);
  p_.table.post(unit, cleaned_event(life.verdict));
}

}  // namespace berth
