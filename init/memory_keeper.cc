// Looking at memory, and acting on it.
#include "init/memory_keeper.h"

#include <algorithm>
#include <utility>

#include <signal.h>

#include "init/os/proc_fs.h"

namespace berth {
namespace {

constexpr std::chrono::seconds kInterval{1};
constexpr int kMostShare = 50;  // of the time: one part of this many goes into looking

bool is_limited(const Unit& unit) {
  return unit.memory.limit || unit.memory.high;
}

/// Has a main process that nobody stops.
bool is_up(const UnitRuntime& unit) {
  return (unit.life.main_pid != 0 || unit.life.run) && !unit.life.stop_requested &&
         !unit.stop_pending &&
         (unit.state == UnitState::starting || unit.state == UnitState::running);
}

std::uint64_t least_bound(const MemorySpec& memory) {
  constexpr Bytes kNone{~std::uint64_t{0}};
  return std::min(memory.limit.value_or(kNone), memory.high.value_or(kNone)).count;
}

}  // namespace

Milliseconds MemoryKeeper::monotonic() const {
  return std::chrono::duration_cast<Milliseconds>(p_.loop.now().time_since_epoch());
}

MemoryKeeper::Record& MemoryKeeper::record_of(const UnitRuntime& unit) {
  Record& record = records_[unit.name()];
  if (record.epoch != unit.life.epoch) {
    record.epoch = unit.life.epoch;
    record.history.is_high = false;
    record.last = {};
    record.ooms_seen = record.ooms_said = 0;
    record.wait_said = false;
  }
  return record;
}

void MemoryKeeper::on_state(UnitRuntime& unit) {
  if (!is_limited(unit.unit))
    return;
  if (unit.state == UnitState::cleaning)
    return say_last_ooms(unit);  // before its cgroup goes
  const bool begins = unit.state == UnitState::starting || unit.state == UnitState::running;
  if (begins && next_ == os::kNoTimer)
    next_ = p_.loop.after(kInterval, [this] { look(); });
}

void MemoryKeeper::look() {
  next_ = os::kNoTimer;
  const os::TimePoint begin = p_.loop.clock().now();
  std::erase_if(records_,
                [this](const auto& each) { return p_.table.find(each.first) == nullptr; });
  std::vector<UnitRuntime*> in_groups, others;
  for (const auto& [name, unit] : p_.table.all())
    if (is_limited(unit->unit) && is_up(*unit))
      (p_.groups.memory(*unit) ? in_groups : others).push_back(unit.get());
  if (in_groups.empty() && others.empty())
    return;
  look_at_groups(in_groups);
  look_at_processes(others);
  const auto took = p_.loop.clock().now() - begin;
  next_ = p_.loop.after(std::max<os::TimePoint::duration>(kInterval, took * kMostShare),
                        [this] { look(); });
}

void MemoryKeeper::look_at_groups(const std::vector<UnitRuntime*>& units) {
  for (UnitRuntime* unit : units) {
    look_for_ooms(*unit);
    if (!unit->unit.memory.high)
      continue;
    // The page cache counts in this number; it takes a second file to know without.
    const auto all = p_.groups.memory(*unit);
    std::uint64_t used = all ? all->current : 0;
    if (used >= unit->unit.memory.high->count)
      used = p_.groups.memory_in_use(*unit).value_or(0);
    found(*unit, used, false);
  }
}

void MemoryKeeper::look_at_processes(const std::vector<UnitRuntime*>& units) {
  if (units.empty())
    return;
  const auto members = p_.cleaner.members_of({units.begin(), units.end()});
  std::vector<std::pair<UnitRuntime*, std::vector<pid_t>>> large;
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::uint64_t resident = 0;
    for (const pid_t pid : members[i])
      resident += os::read_rss_bytes(pid).value_or(0);
    if (resident > least_bound(units[i]->unit.memory)) {
      large.emplace_back(units[i], members[i]);
      continue;
    }
    remember(*units[i], "RSS", resident);
    found(*units[i], resident, true);
  }
  if (!large.empty())
    measure(large);
}

void MemoryKeeper::measure(const std::vector<std::pair<UnitRuntime*, std::vector<pid_t>>>& large) {
  std::map<std::string, MemoryProbe::Wanted> by_user;
  std::vector<std::tuple<std::string, std::uint64_t, std::vector<pid_t>>> lives;
  for (const auto& [unit, pids] : large) {
    MemoryProbe::Wanted& wanted = by_user[p_.launcher.user_of(unit->unit)];
    wanted.names = unit->life.names;
    wanted.pids.insert(wanted.pids.end(), pids.begin(), pids.end());
    lives.emplace_back(unit->name(), unit->life.epoch, pids);
  }
  const auto judge = [this, lives](const ProcessTable& processes) {
    for (const auto& [name, epoch, pids] : lives) {
      UnitRuntime* unit = p_.table.find(name);
      if (unit == nullptr || unit->life.epoch != epoch || !is_up(*unit))
        continue;
      std::uint64_t used = 0;
      bool is_proportional = true;
      for (const pid_t pid : pids) {
        const auto read = processes.find(pid);
        const bool is_known = read != processes.end() && read->second.proportional.has_value();
        is_proportional = is_proportional && is_known;
        used += is_known ? *read->second.proportional : os::read_rss_bytes(pid).value_or(0);
      }
      remember(*unit, is_proportional ? "PSS" : "RSS", used);
      found(*unit, used, true);
    }
  };
  // A helper that hangs, hangs: without it the resident set has to do.
  if (!probe_.start(by_user, judge))
    judge({});
}

void MemoryKeeper::remember(UnitRuntime& unit, const char* by, std::uint64_t used) {
  MemoryFigure& last = record_of(unit).last;
  last.by = by;
  last.current = used;
  last.peak = std::max(last.peak, used);
}

void MemoryKeeper::found(UnitRuntime& unit, std::uint64_t used, bool keeps_limit) {
  const MemoryFacts facts{Bytes{used}, keeps_limit, monotonic()};
  act(unit, judge_memory(unit.unit, facts, record_of(unit).history), Bytes{used});
}

// One that was the main process is not reaped yet, perhaps: it is told as the unit's own end. So
// what is new waits for the next look.
void MemoryKeeper::look_for_ooms(UnitRuntime& unit) {
  Record& record = record_of(unit);
  const std::uint64_t before = std::exchange(record.ooms_seen, p_.groups.oom_kills(unit));
  say_ooms(unit, before);
}

void MemoryKeeper::say_last_ooms(UnitRuntime& unit) {
  const std::uint64_t kills = p_.groups.oom_kills(unit);
  const bool with_main = unit.last_exit.starts_with("killed by the kernel");
  say_ooms(unit, with_main && kills > 0 ? kills - 1 : kills);
}

void MemoryKeeper::say_ooms(UnitRuntime& unit, std::uint64_t kills) {
  Record& record = record_of(unit);
  if (kills <= record.ooms_said)
    return;
  const std::uint64_t news = kills - std::exchange(record.ooms_said, kills);
  p_.logs.unit_line(
      unit.name(), LogLevel::warning,
      "the kernel has killed " + std::to_string(news) + " of its processes: out of memory");
}

void MemoryKeeper::act(UnitRuntime& unit, MemoryStep step, Bytes used) {
  if (step == MemoryStep::none)
    return;
  if (step == MemoryStep::kill) {
    unit.life.killed_for = "killed by berth: " + over_words("limit", *unit.unit.memory.limit, used);
    if (unit.life.run)
      unit.life.run->signal(SIGKILL);
    else
      os::signal_process(unit.life.pidfd.borrow(), unit.life.main_pid, SIGKILL);
    return p_.cleaner.signal_rest(unit, SIGKILL);
  }
  const std::string why = over_words("high", *unit.unit.memory.high, used);
  if (step == MemoryStep::warn)
    return p_.logs.unit_line(unit.name(), LogLevel::warning, why);
  if (step == MemoryStep::restart)
    return restart(unit, why);
  restart_when_idle(unit, why);
}

// A tenant's users come through proxies, which are told; a service is asked for at each look.
void MemoryKeeper::restart_when_idle(UnitRuntime& unit, const std::string& why) {
  if (!unit.is_tenant()) {
    if (p_.idle.is_idle(unit))
      return restart(unit, why);
    if (!std::exchange(record_of(unit).wait_said, true))
      p_.logs.unit_line(unit.name(), LogLevel::warning, why + ": restarts once nobody uses it");
    return;
  }
  p_.leases.vacate(unit, [this, name = unit.name(), epoch = unit.life.epoch, why] {
    UnitRuntime* idle = p_.table.find(name);
    if (idle != nullptr && idle->life.epoch == epoch && is_up(*idle))
      restart(*idle, why);
  });
}

void MemoryKeeper::restart(UnitRuntime& unit, const std::string& why) {
  record_of(unit).history.last_restarted = monotonic();
  const bool comes_by_itself = unit.is_tenant() && !unit.pinned &&
                               unit.unit.tenant->idle_timeout.count() != 0 &&
                               unit.unit.memory.on_high == OnHigh::restart_when_idle;
  if (comes_by_itself)
    return p_.manager.want_down(unit, why);
  p_.logs.unit_line(unit.name(), LogLevel::warning, why + ": restarts");
  // Only a shutdown refuses, and that ends the unit, too.
  [[maybe_unused]] const auto restarted = p_.manager.restart(unit);
}

std::optional<MemoryFigure> MemoryKeeper::figure(const UnitRuntime& unit) const {
  if (const auto group = p_.groups.memory(unit))
    return MemoryFigure{group->is_v2 ? "cgroup v2" : "cgroup v1", group->current,
                        group->peak.value_or(0)};
  const auto found = records_.find(unit.name());
  if (found == records_.end() || found->second.epoch != unit.life.epoch ||
      found->second.last.by.empty() || is_at_rest(unit.state))
    return std::nullopt;
  return found->second.last;
}

}  // namespace berth
