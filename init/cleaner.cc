// Sweeping.
#include "init/cleaner.h"

#include <algorithm>
#include <set>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include "init/log.h"
#include "init/os/errno_error.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kLongestPause{100};

}  // namespace

void Cleaner::sweep(UnitRuntime& unit, std::function<void()> swept) {
  sweeps_[&unit] = Sweep{.swept = std::move(swept), .due = loop_.now()};
}

void Cleaner::signal_rest(UnitRuntime& unit, int signal) {
  signals_[&unit] = signal;
}

void Cleaner::forget(const UnitRuntime& unit) {
  auto* key = const_cast<UnitRuntime*>(&unit);
  sweeps_.erase(key);
  signals_.erase(key);
}

void Cleaner::run() {
  std::vector<UnitRuntime*> now;
  for (const auto& [unit, sweep] : sweeps_)
    if (sweep.due <= loop_.now())
      now.push_back(unit);
  for (const auto& [unit, signal] : signals_)
    if (std::find(now.begin(), now.end(), unit) == now.end())
      now.push_back(unit);
  if (!now.empty() && can_look())
    look(now);
}

bool Cleaner::can_look() {
  const auto readable = os::look_at_proc();
  if (readable || !os::is_passing(readable.error().os_errno))
    return true;
  // Processes that cannot be seen are not gone.
  if (!std::exchange(blindness_said_, true))
    log_warning("what units have left behind is looked for later: " + readable.error().message);
  loop_.cancel(again_);
  again_ = loop_.after(kLongestPause, [] {});
  return false;
}

std::vector<UnitMarks> Cleaner::marks_of(const UnitRuntime& unit) const {
  std::optional<gid_t> gid;
  if (settings_.unit_gids)
    gid = settings_.unit_gids->of(unit.index);
  std::vector<UnitMarks> marks;
  for (const pid_t session : unit.life.sessions)
    marks.push_back(UnitMarks{unit.life.main_pid, session, gid});
  if (marks.empty())
    marks.push_back(UnitMarks{unit.life.main_pid, 0, gid});
  return marks;
}

std::vector<pid_t> Cleaner::spared_for(const std::vector<const UnitRuntime*>& units) const {
  std::vector<pid_t> spared;
  for (const auto& [name, other] : table_.all()) {
    if (other->handover)
      spared.insert(spared.end(), other->handover->pids.begin(), other->handover->pids.end());
    if (std::find(units.begin(), units.end(), other.get()) != units.end())
      continue;
    if (other->life.main_pid != 0)
      spared.push_back(other->life.main_pid);
    if (other->life.run)
      for (const auto& step : other->life.run->running)
        spared.push_back(step->pid);
    if (other->life.aux && other->life.aux->pid() != 0)
      spared.push_back(other->life.aux->pid());
  }
  return spared;
}

std::vector<Cleaner::Members> Cleaner::find(const std::vector<const UnitRuntime*>& units,
                                            bool thorough) const {
  std::vector<UnitMarks> marks;
  std::vector<std::size_t> owner;
  for (std::size_t i = 0; i < units.size(); ++i)
    for (const UnitMarks& mark : marks_of(*units[i])) {
      marks.push_back(mark);
      owner.push_back(i);
    }
  const auto found = find_members(marks, spared_for(units), thorough);
  std::vector<Members> result(units.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const pid_t pid : found[i])
      result[owner[i]].try_emplace(pid, marks[i]);
  add_group_members(units, result);
  return result;
}

// What only its cgroup still knows: a process of root's that gave up its groups, made a session and
// lost its parents.
void Cleaner::add_group_members(const std::vector<const UnitRuntime*>& units,
                                std::vector<Members>& members) const {
  std::set<pid_t> of_others{::getpid()};
  for (const pid_t pid : spared_for(units))
    of_others.insert(pid);
  for (const Members& known : members)
    for (const auto& [pid, marks] : known)
      of_others.insert(pid);
  for (std::size_t i = 0; i < units.size(); ++i)
    for (const pid_t pid : groups_.members(*units[i])) {
      if (of_others.count(pid) != 0)
        continue;
      const auto stat = os::read_stat(pid);
      if (stat && !stat->has_ended())
        members[i].try_emplace(pid, std::nullopt);
    }
}

void Cleaner::signal_member_of(UnitRuntime& unit, const Members::value_type& member,
                               int signal) const {
  const auto& [pid, marks] = member;
  if (marks)
    signal_member(pid, *marks, signal);
  else
    groups_.signal(unit, pid, signal);
}

// At once, so that no fork gets away; unless somebody else's process is in the group.
void Cleaner::kill_group(const UnitRuntime& unit) const {
  const std::vector<pid_t> group = groups_.members(unit);
  const std::vector<pid_t> others = spared_for({&unit});
  const bool has_others = std::any_of(group.begin(), group.end(), [&others](pid_t pid) {
    return std::find(others.begin(), others.end(), pid) != others.end();
  });
  if (!group.empty() && !has_others)
    groups_.kill(unit);
}

std::vector<std::vector<pid_t>> Cleaner::members_of(
    const std::vector<const UnitRuntime*>& units) const {
  std::vector<std::vector<pid_t>> result;
  // Whatever a unit started is below berth, which is PID 1 or a subreaper.
  const auto found = find(units, false);
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::set<pid_t> pids;
    for (const auto& [pid, marks] : found[i])
      pids.insert(pid);
    if (units[i]->life.main_pid != 0)
      pids.insert(units[i]->life.main_pid);
    if (units[i]->handover)
      pids.insert(units[i]->handover->pids.begin(), units[i]->handover->pids.end());
    result.emplace_back(pids.begin(), pids.end());
  }
  return result;
}

void Cleaner::look(const std::vector<UnitRuntime*>& units) {
  // A look along the tree may miss a process that changes its parent in that moment, as the
  // children of what was just killed do: all of /proc is read then, before a unit is called empty.
  const bool thorough = std::any_of(units.begin(), units.end(), [this](UnitRuntime* unit) {
    const auto sweep = sweeps_.find(unit);
    return sweep != sweeps_.end() && sweep->second.has_killed;
  });
  const auto members = find({units.begin(), units.end()}, thorough);
  for (std::size_t i = 0; i < units.size(); ++i) {
    UnitRuntime& unit = *units[i];
    const auto signal = signals_.find(&unit);
    if (signal != signals_.end()) {
      if (signal->second == SIGKILL)
        kill_group(unit);
      for (const auto& member : members[i])
        if (!unit.life.is_main(member.first))
          signal_member_of(unit, member, signal->second);
      signals_.erase(signal);
    }
    if (sweeps_.count(&unit) != 0)
      finish_or_kill(unit, members[i]);
  }
}

void Cleaner::finish_or_kill(UnitRuntime& unit, const Members& left) {
  if (left.empty()) {
    const auto swept = std::move(sweeps_[&unit].swept);
    sweeps_.erase(&unit);
    swept();
    return;
  }
  say_left_behind(unit, left.size());
  kill_group(unit);
  for (const auto& member : left)
    signal_member_of(unit, member, SIGKILL);
  Sweep& sweep = sweeps_[&unit];
  sweep.has_killed = true;
  sweep.due = loop_.now() + sweep.pause;
  sweep.pause = std::min(sweep.pause * 2, kLongestPause);
  loop_.cancel(again_);
  again_ = loop_.at(sweep.due, [] {});  // the end of that turn runs us
}

void Cleaner::say_left_behind(UnitRuntime& unit, std::size_t count) {
  if (unit.life.left_behind_said || unit.life.stop_requested)
    return;
  unit.life.left_behind_said = true;
  logs_.unit_line(unit.name(), LogLevel::warning,
                  "its main process has ended and left " + std::to_string(count) +
                      " processes behind: they are killed. A program that puts itself into the "
                      "background must be told to stay in the foreground");
}

}  // namespace berth
