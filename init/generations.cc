// Handing over from one process to the next.
#include "init/generations.h"

#include <utility>

#include <signal.h>

#include "init/lives.h"

namespace berth {

Generations::~Generations() {
  for (auto& [name, pair] : pairs_) {
    if (pair.earlier)
      p_.loop.cancel(pair.earlier->limit);
    if (pair.next)
      p_.loop.cancel(pair.next->deadline);
  }
}

Generations::Pair* Generations::pair_of(const UnitRuntime& unit) {
  const auto found = unit.is_successor() ? pairs_.end() : pairs_.find(unit.name());
  return found == pairs_.end() ? nullptr : &found->second;
}

bool Generations::hand_over(UnitRuntime& unit) {
  if (unit.unit.kind != UnitKind::proxy)
    return false;
  if (!unit.handover)
    unit.handover = std::make_unique<Handover>();
  unit.handover->phase = Handover::Phase::under_way;
  unit.reason.clear();
  Pair& pair = pairs_[unit.name()];
  pair.again = pair.next != nullptr || pair.earlier != nullptr;
  if (!pair.again)
    begin(unit, pair);
  return true;
}

void Generations::begin(UnitRuntime& unit, Pair& pair) {
  pair.again = false;
  pair.next = std::make_unique<UnitRuntime>(unit.latest(), unit.index);
  UnitRuntime& next = *pair.next;
  next.state = UnitState::preparing;
  next.wanted_up = true;
  next.auto_uid = unit.auto_uid;
  next.warned = unit.warned;
  next.handover = std::make_unique<Handover>();
  // Later: whoever posts still holds it.
  next.handover->events = [this, &next](UnitEvent event) {
    p_.loop.after(std::chrono::nanoseconds(0), [this, name = next.name(), epoch = next.life.epoch,
                                                event] { on_event(name, epoch, event); });
  };
  lives_.prepare(next);
}

void Generations::on_event(const std::string& name, std::uint64_t epoch, UnitEvent event) {
  const auto found = pairs_.find(name);
  if (found == pairs_.end() || !found->second.next || found->second.next->life.epoch != epoch)
    return;
  UnitRuntime& next = *found->second.next;
  UnitRuntime* unit = p_.table.find(name);  // null = it was stopped and forgotten meanwhile
  if (next.state == UnitState::cleaning) {
    if (event == cleaned_event(next.life.verdict))
      found->second.next.reset();
  } else if (event == UnitEvent::prepared && !next.life.stop_requested) {
    next.state = UnitState::starting;
    lives_.spawn(next);
  } else {
    if (unit != nullptr && !next.life.stop_requested)
      fail(*unit, next);
    end(next);
  }
  if (unit != nullptr)
    note(*unit, found->second);
  go_on(name);
}

/// It is told once why.
void Generations::fail(UnitRuntime& unit, const UnitRuntime& next) {
  unit.handover->phase = Handover::Phase::failed;
  unit.reason = "the restart has failed, the process before goes on: " + next.reason;
  p_.logs.unit_line(unit.name(), LogLevel::error, unit.reason);
  if (observer_)
    observer_(unit);
}

void Generations::end(UnitRuntime& next) {
  next.life.stop_requested = true;
  if (next.life.main_pid != 0) {
    os::signal_process(next.life.pidfd.borrow(), next.life.main_pid, SIGKILL);
    return;  // its end says the rest
  }
  p_.loop.cancel(std::exchange(next.deadline, os::kNoTimer));
  next.state = UnitState::cleaning;
  lives_.clean(next);
}

bool Generations::configured(UnitRuntime& unit, const std::string& link) {
  Pair* pair = pair_of(unit);
  if (pair == nullptr || link == ProxyLinks::link_of(unit.name(), unit.life.epoch))
    return false;
  if (pair->next && link == ProxyLinks::link_of(unit.name(), pair->next->life.epoch) &&
      pair->next->life.main_pid != 0 && !pair->next->life.stop_requested)
    take_over(unit, *pair);
  return true;
}

void Generations::take_over(UnitRuntime& unit, Pair& pair) {
  auto earlier = std::make_unique<Earlier>();
  earlier->pid = unit.life.main_pid;
  earlier->pidfd = std::move(unit.life.pidfd);
  earlier->epoch = unit.life.epoch;
  const Milliseconds limit = unit.unit.service.stop_timeout;
  const std::unique_ptr<UnitRuntime> next = std::move(pair.next);
  lives_.take_over(unit, *next);
  drain(unit, std::move(earlier), limit);
  unit.handover->phase = pair.again ? Handover::Phase::under_way : Handover::Phase::none;
  unit.warned = std::move(next->warned);
  unit.auto_uid = next->auto_uid;
  // What a later reload has brought is another restart's.
  if (unit.changed && *unit.changed == next->unit)
    unit.unit = std::move(*std::exchange(unit.changed, nullptr));
  p_.logs.unit_line(unit.name(), LogLevel::info,
                    "a new process serves; the one before finishes what it has");
  if (observer_)
    observer_(unit);
}

void Generations::drain(UnitRuntime& unit, std::unique_ptr<Earlier> earlier, Milliseconds limit) {
  p_.reaper.expect(earlier->pid, [this, name = unit.name()](const os::ExitStatus& status) {
    on_earlier_exit(name, status);
  });
  earlier->limit = p_.loop.after(limit, [this, name = unit.name()] {
    Earlier& late = *pairs_[name].earlier;
    late.limit = os::kNoTimer;
    p_.logs.unit_line(name, LogLevel::warning, "the process before does not end in time: SIGKILL");
    os::signal_process(late.pidfd.borrow(), late.pid, SIGKILL);
  });
  Pair& pair = pairs_[unit.name()];
  pair.earlier = std::move(earlier);
  note(unit, pair);
  p_.proxies.drain(ProxyLinks::link_of(unit.name(), pair.earlier->epoch), limit, true);
}

void Generations::on_earlier_exit(const std::string& name, const os::ExitStatus& status) {
  Pair& pair = pairs_[name];
  const std::unique_ptr<Earlier> earlier = std::move(pair.earlier);
  p_.loop.cancel(earlier->limit);
  p_.logs.drain(name);
  if (status.shell_code() != 0)
    p_.logs.unit_line(name, LogLevel::warning, "the process before has ended: " + status.str());
  if (UnitRuntime* unit = p_.table.find(name))
    note(*unit, pair);
  p_.proxies.disconnect(ProxyLinks::link_of(name, earlier->epoch));
  go_on(name);
}

/// One of the two has gone: what waits for that begins, or nothing is left to remember.
void Generations::go_on(const std::string& name) {
  Pair& pair = pairs_[name];
  if (pair.next || pair.earlier)
    return;
  UnitRuntime* unit = p_.table.find(name);
  if (pair.again && unit != nullptr && unit->state == UnitState::running &&
      !unit->life.stop_requested)
    return begin(*unit, pair);
  pairs_.erase(name);
}

void Generations::note(UnitRuntime& unit, const Pair& pair) {
  std::vector<pid_t>& pids = unit.handover->pids;
  pids.clear();
  if (pair.earlier)
    pids.push_back(pair.earlier->pid);
  if (pair.next && pair.next->life.main_pid != 0)
    pids.push_back(pair.next->life.main_pid);
  unit.life.told.status =
      pair.earlier ? "process " + std::to_string(pair.earlier->pid) + " finishes what it has" : "";
}

bool Generations::kill(UnitRuntime& unit, const std::string& link) {
  Pair* pair = pair_of(unit);
  if (pair == nullptr)
    return false;
  if (pair->next && link == ProxyLinks::link_of(unit.name(), pair->next->life.epoch)) {
    end(*pair->next);
    return true;
  }
  if (!pair->earlier || link != ProxyLinks::link_of(unit.name(), pair->earlier->epoch))
    return false;
  os::signal_process(pair->earlier->pidfd.borrow(), pair->earlier->pid, SIGKILL);
  return true;
}

void Generations::give_up(UnitRuntime& unit) {
  Pair* pair = pair_of(unit);
  if (pair == nullptr)
    return;
  pair->again = false;
  unit.handover->phase = Handover::Phase::none;
  if (pair->next)
    end(*pair->next);
}

void Generations::kill_all(UnitRuntime& unit) {
  give_up(unit);
  Pair* pair = pair_of(unit);
  if (pair == nullptr)
    return;
  if (pair->earlier)
    os::signal_process(pair->earlier->pidfd.borrow(), pair->earlier->pid, SIGKILL);
  unit.handover->pids.clear();  // the sweep waits for their end
}

bool Generations::outlives(UnitRuntime& unit) {
  give_up(unit);
  Pair* pair = pair_of(unit);
  if (pair == nullptr || !pair->earlier || unit.state != UnitState::stopping)
    return false;
  const std::unique_ptr<Earlier> earlier = std::move(pair->earlier);
  p_.loop.cancel(earlier->limit);
  unit.life.main_pid = earlier->pid;
  unit.life.pidfd = std::move(earlier->pidfd);
  unit.life.epoch = earlier->epoch;
  lives_.watch_main(unit);
  note(unit, *pair);
  go_on(unit.name());
  return true;
}

}  // namespace berth
