// Finding the processes of a unit.
#include "init/sweep.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <grp.h>
#include <unistd.h>

#include "init/os/process.h"

namespace berth {
namespace {

// Far above what people and distributions give out, and above the ranges of user namespaces that
// subgid(5) hands out by default.
constexpr gid_t kFirstUnitGid = 2'000'000'000;
constexpr std::uint32_t kUnitGids = 1'000'000;  // of one berth
constexpr std::uint32_t kBerths = 2'000;

// Of any berth's unit.
bool is_unit_gid(gid_t gid) {
  return gid >= kFirstUnitGid && gid - kFirstUnitGid < kUnitGids * kBerths;
}

// The unit gid that a process carries.
std::optional<gid_t> unit_gid_in(pid_t pid) {
  const std::vector<gid_t> groups = os::read_groups(pid);
  const auto found = std::find_if(groups.begin(), groups.end(), is_unit_gid);
  return found != groups.end() ? std::optional(*found) : std::nullopt;
}

// Who a process belongs to: an index into the units, or one of these.
using Owner = int;
constexpr Owner kNobody = -1;    // no mark yet: may still belong by descent
constexpr Owner kStranger = -2;  // protected, or marked for another unit: never a member

// Whether one is spared, or below one that is.
enum class Descent : std::uint8_t { unknown, free, spared };

struct Seen {
  os::ProcessStat stat;
  Owner owner = kNobody;
  Descent descent = Descent::unknown;
};

class Look {
 public:
  Look(const std::vector<UnitMarks>& units, const std::vector<pid_t>& spared)
      : units_(units), spared_(spared.begin(), spared.end()), self_(::getpid()) {
    spared_.erase(self_);  // everything descends from berth
  }

  void take_all() {
    for (const pid_t pid : os::list_pids())
      take(pid);
  }

  // Everything below berth that is not below a spared process.
  void take_tree() {
    std::vector<pid_t> parents = {self_};
    while (!parents.empty()) {
      const pid_t parent = parents.back();
      parents.pop_back();
      for (const pid_t child : os::read_children(parent))
        if (spared_.count(child) == 0 && take(child))
          parents.push_back(child);
    }
  }

  std::vector<std::vector<pid_t>> members() {
    if (!seen_.empty())
      mark_all();
    std::vector<std::vector<pid_t>> result(units_.size());
    for (const auto& [pid, process] : seen_)
      if (process.owner >= 0)
        result[static_cast<std::size_t>(process.owner)].push_back(pid);
    return result;
  }

 private:
  // False for what has ended, and for what was seen before.
  bool take(pid_t pid) {
    if (pid == self_)
      return false;
    const std::optional<os::ProcessStat> stat = os::read_stat(pid);
    if (!stat.has_value() || stat->has_ended())
      return false;
    return seen_.emplace(pid, Seen{*stat, kNobody}).second;
  }

  void mark_all() {
    protect();
    for (auto& [pid, process] : seen_)
      if (process.owner == kNobody)
        process.owner = marked_owner(process.stat);
    inherit();
  }

  // Spared ones, what is in their sessions, what descends from them.
  void protect() {
    std::unordered_set<pid_t> sessions;
    for (const pid_t pid : spared_)
      if (const auto stat = os::read_stat(pid); stat.has_value())
        sessions.insert(stat->session);
    sessions.erase(0);  // led from outside this PID namespace: says nothing
    for (auto& [pid, process] : seen_)
      if (!is_main(pid) && (sessions.count(process.stat.session) != 0 || below_spared(pid)))
        process.owner = kStranger;
  }

  bool is_main(pid_t pid) const {
    return std::any_of(units_.begin(), units_.end(),
                       [pid](const UnitMarks& unit) { return unit.main_pid == pid; });
  }

  // What is found holds for all on the way up, so that each is looked at once: a unit can make a
  // chain of as many processes as it may have.
  bool below_spared(pid_t pid) {
    std::vector<Seen*> way;
    Descent found = Descent::free;
    for (;;) {
      if (spared_.count(pid) != 0)
        found = Descent::spared;
      const auto process = seen_.find(pid);
      if (found == Descent::spared || process == seen_.end())
        break;
      Seen& seen = process->second;
      if (seen.descent != Descent::unknown) {
        found = seen.descent;
        break;
      }
      // Parents are read one after the other: numbers that are used again may make a circle of
      // them.
      seen.descent = Descent::free;
      way.push_back(&seen);
      pid = seen.stat.parent;
    }
    for (Seen* seen : way)
      seen->descent = found;
    return found == Descent::spared;
  }

  template <typename Is>
  Owner unit_that(Is is) const {
    const auto found = std::find_if(units_.begin(), units_.end(), is);
    return found != units_.end() ? static_cast<Owner>(found - units_.begin()) : kNobody;
  }

  // By what the process shows itself: its gid, else its session.
  Owner marked_owner(const os::ProcessStat& stat) const {
    if (const auto gid = unit_gid_in(stat.pid); gid.has_value()) {
      const Owner owner = unit_that([&](const UnitMarks& unit) { return unit.unit_gid == gid; });
      return owner != kNobody ? owner : kStranger;
    }
    return unit_that([&](const UnitMarks& unit) {
      return unit.main_pid == stat.pid || (unit.session != 0 && unit.session == stat.session);
    });
  }

  // By whom they descend from: the parent, or the leader of the session.
  void inherit() {
    std::unordered_map<pid_t, std::vector<Seen*>> heirs;
    std::vector<const Seen*> owned;
    for (auto& [pid, process] : seen_) {
      if (process.owner >= 0)
        owned.push_back(&process);
      if (process.owner != kNobody)
        continue;
      heirs[process.stat.parent].push_back(&process);
      heirs[process.stat.session].push_back(&process);
    }
    while (!owned.empty()) {
      const Seen& ancestor = *owned.back();
      owned.pop_back();
      for (Seen* heir : heirs[ancestor.stat.pid]) {
        if (heir->owner != kNobody)
          continue;
        heir->owner = ancestor.owner;
        owned.push_back(heir);
      }
    }
  }

  const std::vector<UnitMarks>& units_;
  std::unordered_set<pid_t> spared_;
  pid_t self_;
  std::unordered_map<pid_t, Seen> seen_;
};

bool kernel_lists_children() {
  const std::string self = std::to_string(::getpid());
  return ::access(("/proc/" + self + "/task/" + self + "/children").c_str(), F_OK) == 0;
}

constexpr std::size_t kMostMarks = 64;  // of a chain that changes while it is read

// Adds the marks of `pid` and of its ancestors; true if one is marked for a unit.
bool add_marks(pid_t pid, std::vector<ProcessMarks>& marks) {
  for (const pid_t self = ::getpid(); pid > 1 && pid != self && marks.size() < kMostMarks;) {
    const std::optional<os::ProcessStat> stat = os::read_stat(pid);
    if (!stat.has_value())
      return false;
    marks.push_back({pid, stat->session, unit_gid_in(pid)});
    if (marks.back().unit_gid.has_value())
      return true;
    pid = stat->parent;
  }
  return false;
}

// Whether `pid` or one of its ancestors shows a mark of the unit.
bool descends_from(const UnitMarks& marks, pid_t pid) {
  for (const pid_t self = ::getpid(); pid > 1 && pid != self;) {
    const std::optional<os::ProcessStat> stat = os::read_stat(pid);
    if (!stat.has_value())
      return false;
    if (const auto gid = unit_gid_in(pid); gid.has_value())
      return gid == marks.unit_gid;
    if (pid == marks.main_pid || (marks.session != 0 && stat->session == marks.session))
      return true;
    pid = stat->parent;
  }
  return false;
}

bool is_member(const UnitMarks& marks, pid_t pid) {
  if (descends_from(marks, pid))
    return true;
  if (unit_gid_in(pid).has_value())
    return false;
  const std::optional<os::ProcessStat> stat = os::read_stat(pid);
  return stat.has_value() && descends_from(marks, stat->session);
}

}  // namespace

std::optional<UnitGids> UnitGids::reserve(std::uint64_t random) {
  const UnitGids gids(kFirstUnitGid + static_cast<gid_t>(random % kBerths) * kUnitGids);
  const int count = ::getgroups(0, nullptr);
  if (count < 0)
    return std::nullopt;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgroups(count, groups.data()) != count)
    return std::nullopt;
  const std::vector<gid_t> probes = {gids.of(0), gids.of(kUnitGids - 1)};
  if (::setgroups(probes.size(), probes.data()) != 0 ||
      ::setgroups(groups.size(), groups.data()) != 0)
    return std::nullopt;
  return gids;
}

gid_t UnitGids::of(std::uint32_t index) const {
  return first_ + index % kUnitGids;
}

std::vector<std::vector<pid_t>> find_members(const std::vector<UnitMarks>& units,
                                             const std::vector<pid_t>& spared, bool thorough) {
  Look look(units, spared);
  if (thorough || !kernel_lists_children())
    look.take_all();
  else
    look.take_tree();
  return look.members();
}

std::vector<ProcessMarks> marks_of_process(pid_t pid) {
  std::vector<ProcessMarks> marks;
  if (!add_marks(pid, marks) && !marks.empty())
    add_marks(marks.front().session, marks);
  return marks;
}

void signal_member(pid_t pid, const UnitMarks& marks, int signal) {
  os::signal_checked(pid, signal, [&marks](pid_t now) { return is_member(marks, now); });
}

}  // namespace berth
