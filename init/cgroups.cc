// Groups of units: made, limited, entered, removed. What they tell is in cgroup_figures.cc.
#include "init/cgroups.h"

#include <algorithm>
#include <array>
#include <utility>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/log.h"
#include "init/os/files.h"
#include "init/os/random.h"

namespace berth {
namespace {

// A unit may be called as a file of a group is, such as "cgroup.procs".
constexpr std::string_view kUnitPrefix = "unit-";
constexpr std::string_view kLeaf = "/berth";
constexpr std::chrono::milliseconds kRetry{100};
constexpr int kMostTries = 300;  // half a minute

constexpr std::uint64_t kDefaultWeight = 100;  // of cpu.weight
constexpr std::uint64_t kDefaultShares = 1024;
constexpr std::uint64_t kLeastShares = 2;

constexpr auto kLimitKey = "[memory] limit", kHighKey = "[memory] high";
constexpr auto kPidsKey = "[process] pids_max", kCpuKey = "[process] cpu_weight";
constexpr auto kWithout = "has no effect here";

bool limits_memory(const Unit& unit) {
  return unit.memory.limit || unit.memory.high;
}
std::string memory_key(const Unit& unit) {
  return unit.memory.limit ? kLimitKey : kHighKey;
}

std::string shares_for(std::uint64_t weight) {
  return std::to_string(std::max(kLeastShares, weight * kDefaultShares / kDefaultWeight));
}

std::string number_or(const std::optional<Bytes>& size, const char* none) {
  return size ? std::to_string(size->count) : none;
}

// Reads again who is in the group: the number may be somebody else's by now.
bool kill_member(const std::string& group, pid_t pid, int signal) {
  return os::signal_checked(pid, signal, [&group](pid_t now) {
    const std::vector<pid_t> members = os::group_members(group);
    return std::find(members.begin(), members.end(), now) != members.end();
  });
}

// One file says it of a group of version 2 and of all below it.
bool is_known_empty(const std::string& group) {
  const auto events = os::read_group_table(group + "/cgroup.events");
  const auto populated = events.find("populated");
  return populated != events.end() && populated->second == 0;
}

// How many were there.
std::size_t kill_group(const std::string& group) {
  const std::vector<pid_t> members = os::group_members(group);
  if (members.empty() || os::write_group_file(group + "/cgroup.kill", "1"))
    return members.size();
  for (const pid_t pid : members)
    kill_member(group, pid, SIGKILL);
  return members.size();
}

}  // namespace

Cgroups::Cgroups(os::EventLoop& loop, CgroupLayout layout, std::string name, Shortfalls& shortfalls)
    : loop_(loop), layout_(std::move(layout)), name_(std::move(name)), shortfalls_(shortfalls) {}

// --- the beginning and the end

void Cgroups::begin(bool is_pid1) {
  own_ooms_told_ = own_ooms();
  for (const std::string& own : {layout_.v2, layout_.v1_memory, layout_.v1_pids, layout_.v1_cpu})
    if (!own.empty())
      take_over(own);
  if (!layout_.v2_memory && !layout_.v2_pids && !layout_.v2_cpu)
    return;
  // The root of all groups may have processes and controllers, and has no cgroup.type.
  const bool is_root = !os::exists(layout_.v2 + "/cgroup.type");
  if (!os::make_group(top(layout_.v2)) || (!is_root && !make_leaf(is_pid1))) {
    const std::string why = "other processes share berth's own cgroup " + layout_.v2;
    layout_.v2_memory = layout_.v2_pids = layout_.v2_cpu = false;
    layout_.why_no_memory = layout_.why_no_pids = layout_.why_no_cpu = why;
    return;
  }
  enable("memory", layout_.v2_memory, layout_.why_no_memory);
  enable("pids", layout_.v2_pids, layout_.why_no_pids);
  enable("cpu", layout_.v2_cpu, layout_.why_no_cpu);
}

void Cgroups::take_over(const std::string& own) {
  std::size_t killed = 0;
  for (const std::string& name : os::groups_below(top(own))) {
    if (!name.starts_with(kUnitPrefix))
      continue;
    const std::string folder = top(own) + "/" + name;
    killed += kill_group(folder);
    remove(folder);
  }
  if (killed > 0)
    log_warning("an earlier berth has left " + std::to_string(killed) + " processes in " +
                top(own) + ": they are killed");
}

bool Cgroups::make_leaf(bool is_pid1) {
  const std::string leaf = top(layout_.v2) + std::string(kLeaf);
  const std::string text = os::read_group_file(layout_.v2 + "/cgroup.procs").value_or("");
  const std::string self = std::to_string(::getpid()) + "\n";
  // Whose they are, if berth is not alone in its container, it cannot know.
  if (!is_pid1 && text != self)
    return false;
  if (!os::make_group(leaf))
    return false;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    // One that has ended meanwhile is no obstacle; one that stays is seen by enable().
    [[maybe_unused]] const auto moved =
        os::write_group_file(leaf + "/cgroup.procs", text.substr(begin, end - begin));
    begin = end + 1;
  }
  has_leaf_ = true;
  return true;
}

void Cgroups::enable(const std::string& controller, bool& usable, std::string& why_not) {
  if (!usable)
    return;
  for (const std::string& folder : {layout_.v2, top(layout_.v2)}) {
    const auto enabled = os::write_group_file(folder + "/cgroup.subtree_control", "+" + controller);
    if (enabled)
      continue;
    usable = false;
    why_not = enabled.error().message;
    return;
  }
}

void Cgroups::disable_controllers() {
  for (const std::string& folder : {top(layout_.v2), layout_.v2})
    for (const char* controller : {"-memory", "-pids", "-cpu"})
      [[maybe_unused]] const auto disabled =
          os::write_group_file(folder + "/cgroup.subtree_control", controller);
}

void Cgroups::end() {
  loop_.disarm(retry_);
  for (const Leaving& leaving : std::exchange(leaving_, {}))
    [[maybe_unused]] const auto removed = os::remove_group(leaving.folder);
  if (has_leaf_) {
    disable_controllers();
    [[maybe_unused]] const auto back = os::write_group_file(layout_.v2 + "/cgroup.procs", "0");
  }
  for (const std::string& own : {layout_.v2, layout_.v1_memory, layout_.v1_pids, layout_.v1_cpu})
    if (!own.empty() && os::exists(top(own))) [[maybe_unused]]
      const auto removed = os::remove_group(top(own));
}

// --- one unit

const Cgroups::Group* Cgroups::find(const UnitRuntime& unit) const {
  const auto found = groups_.find(unit.name());
  return found != groups_.end() ? &found->second : nullptr;
}

std::string Cgroups::make(const std::string& own, const UnitRuntime& unit, bool& was_there,
                          const std::string& key) {
  const std::string folder = top(own) + "/" + std::string(kUnitPrefix) + unit.unit.name.escaped();
  // One that was to go is used again.
  std::erase_if(leaving_, [&](const Leaving& leaving) { return leaving.folder == folder; });
  auto made = os::make_group(folder);
  if (!made && os::make_group(top(own)))
    made = os::make_group(folder);
  if (!made) {
    if (!key.empty())
      shortfalls_.say(key, kWithout, made.error().message);
    return "";
  }
  was_there = was_there || !*made;
  return folder;
}

void Cgroups::set(const std::string& file, const std::string& value, const std::string& key) {
  if (const auto written = os::write_group_file(file, value); !written)
    shortfalls_.say(key, kWithout, written.error().message);
}

void Cgroups::open(const UnitRuntime& unit) {
  own_ooms_told_ = own_ooms();  // what nobody has asked for was no unit
  Group group;
  bool was_there = false;
  if (!layout_.v2.empty())
    group.v2 = make(layout_.v2, unit, was_there, "");
  group.was_killed = was_there;
  make_version_one(unit, group, was_there);
  say_missing(unit.unit, group);
  for (const Setting& setting : settings(unit.unit, group))
    if (was_there || setting.value != setting.none)
      set(setting.file, setting.value, setting.key);
  if (was_there && !group.memory.empty())
    set(group.memory + "/memory.max_usage_in_bytes", "0", memory_key(unit.unit));
  group.ooms_before = ooms_of(group);
  group.limit_hits_before = limit_hits_of(group);
  groups_[unit.name()] = std::move(group);
}

void Cgroups::make_version_one(const UnitRuntime& unit, Group& group, bool& was_there) {
  const Unit& wanted = unit.unit;
  if (limits_memory(wanted) && !holds_memory(group) && !layout_.v1_memory.empty())
    group.memory = make(layout_.v1_memory, unit, was_there, memory_key(wanted));
  if (wanted.process.pids_max && !holds_pids(group) && !layout_.v1_pids.empty())
    group.pids = make(layout_.v1_pids, unit, was_there, kPidsKey);
  if (wanted.process.cpu_weight && !holds_cpu(group) && !layout_.v1_cpu.empty())
    group.cpu = make(layout_.v1_cpu, unit, was_there, kCpuKey);
}

// Of a group that could not be made, it has been said.
void Cgroups::say_missing(const Unit& unit, const Group& group) {
  if (limits_memory(unit) && !holds_memory(group) && layout_.v1_memory.empty())
    shortfalls_.say(memory_key(unit), "is kept by berth itself, which measures from time to time",
                    layout_.why_no_memory);
  if (unit.process.pids_max && !holds_pids(group) && layout_.v1_pids.empty())
    shortfalls_.say(kPidsKey, kWithout, layout_.why_no_pids);
  if (unit.process.cpu_weight && !holds_cpu(group) && layout_.v1_cpu.empty())
    shortfalls_.say(kCpuKey, kWithout, layout_.why_no_cpu);
}

std::vector<Cgroups::Setting> Cgroups::settings(const Unit& unit, const Group& group) const {
  const MemorySpec& memory = unit.memory;
  const std::string pids = unit.process.pids_max ? std::to_string(*unit.process.pids_max) : "max";
  const std::uint64_t weight = unit.process.cpu_weight.value_or(kDefaultWeight);
  std::vector<Setting> settings;
  if (!group.memory.empty()) {
    const std::string& folder = group.memory;
    settings.push_back(
        {folder + "/memory.limit_in_bytes", number_or(memory.limit, "-1"), "-1", kLimitKey});
    settings.push_back(
        {folder + "/memory.soft_limit_in_bytes", number_or(memory.high, "-1"), "-1", kHighKey});
  } else if (holds_memory(group)) {
    settings.push_back(
        {group.v2 + "/memory.max", number_or(memory.limit, "max"), "max", kLimitKey});
    settings.push_back({group.v2 + "/memory.high", number_or(memory.high, "max"), "max", kHighKey});
  }
  if (holds_pids(group))
    settings.push_back(
        {(group.pids.empty() ? group.v2 : group.pids) + "/pids.max", pids, "max", kPidsKey});
  if (!group.cpu.empty())
    settings.push_back(
        {group.cpu + "/cpu.shares", shares_for(weight), shares_for(kDefaultWeight), kCpuKey});
  else if (holds_cpu(group))
    settings.push_back({group.v2 + "/cpu.weight", std::to_string(weight),
                        std::to_string(kDefaultWeight), kCpuKey});
  return settings;
}

// --- new limits for a unit that is up

bool Cgroups::takes_limits(const UnitRuntime& unit, const Unit& next) const {
  const Group* group = find(unit);
  if (group == nullptr)
    return true;  // it opens one with the limits that it has then
  const bool may_enter =
      (!limits_memory(next) || holds_memory(*group) || layout_.v1_memory.empty()) &&
      (!next.process.pids_max || holds_pids(*group) || layout_.v1_pids.empty()) &&
      (!next.process.cpu_weight || holds_cpu(*group) || layout_.v1_cpu.empty());
  const auto used = memory(unit);
  const auto fits = [&used](const std::optional<Bytes>& now, const std::optional<Bytes>& then) {
    return now == then || !then || !used || used->current < then->count;
  };
  return may_enter && fits(unit.unit.memory.limit, next.memory.limit) &&
         fits(unit.unit.memory.high, next.memory.high);
}

void Cgroups::adjust(const UnitRuntime& unit, const Unit& before) {
  const Group* group = find(unit);
  if (group == nullptr)
    return;
  say_missing(unit.unit, *group);
  const std::vector<Setting> old = settings(before, *group), now = settings(unit.unit, *group);
  for (std::size_t i = 0; i < now.size(); ++i)
    if (now[i].value != old[i].value)
      set(now[i].file, now[i].value, now[i].key);
}

GroupEntry Cgroups::entry(const UnitRuntime& unit) const {
  GroupEntry entry;
  const Group* group = find(unit);
  if (group == nullptr)
    return entry;
  // Linux since 6.14, and what has taken over "cgroup: fix race between fork and cgroup.kill":
  // once a group was killed, whatever CLONE_INTO_CGROUP puts into it is killed at its birth.
  if (!group->v2.empty() && group->was_killed)
    entry.by_writing.push_back(os::open_group(group->v2));
  else if (!group->v2.empty())
    entry.at_fork = os::open_group(group->v2);
  for (const std::string* folder : {&group->memory, &group->pids, &group->cpu})
    if (!folder->empty())
      entry.by_writing.push_back(os::open_group(*folder));
  return entry;
}

void Cgroups::close(const UnitRuntime& unit) {
  const auto found = groups_.find(unit.name());
  if (found == groups_.end())
    return;
  const Group group = std::move(found->second);
  groups_.erase(found);
  for (const std::string* folder : {&group.v2, &group.memory, &group.pids, &group.cpu})
    if (!folder->empty())
      remove(*folder);
}

void Cgroups::remove(std::string folder) {
  if (os::remove_group(folder))
    return;
  leaving_.push_back({std::move(folder)});
  if (retry_ == os::kNoTimer)
    retry_ = loop_.after(kRetry, [this] { try_again(); });
}

void Cgroups::try_again() {
  retry_ = os::kNoTimer;
  std::vector<Leaving> left;
  for (Leaving& leaving : std::exchange(leaving_, {})) {
    const auto removed = os::remove_group(leaving.folder);
    if (removed)
      continue;
    kill_group(leaving.folder);
    if (++leaving.tries < kMostTries)
      left.push_back(std::move(leaving));
    else
      log_warning(removed.error().message);
  }
  leaving_ = std::move(left);
  if (!leaving_.empty())
    retry_ = loop_.after(kRetry, [this] { try_again(); });
}

// --- its processes

std::vector<pid_t> Cgroups::members(const UnitRuntime& unit) const {
  const Group* group = find(unit);
  if (group == nullptr)
    return {};
  std::vector<pid_t> members;
  for (const std::string* folder : {&group->v2, &group->memory, &group->pids, &group->cpu})
    if (!folder->empty() && !is_known_empty(*folder))
      for (const pid_t pid : os::group_members(*folder))
        members.push_back(pid);
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

bool Cgroups::signal(const UnitRuntime& unit, pid_t pid, int signal) const {
  return os::signal_checked(pid, signal, [&](pid_t now) {
    const std::vector<pid_t> members = this->members(unit);
    return std::binary_search(members.begin(), members.end(), now);
  });
}

bool Cgroups::kill(const UnitRuntime& unit) {
  const auto found = groups_.find(unit.name());
  if (found == groups_.end() || found->second.v2.empty())
    return false;
  found->second.was_killed = true;
  return os::write_group_file(found->second.v2 + "/cgroup.kill", "1").has_value();
}

std::string cgroup_name(const std::string& run_dir) {
  struct stat status {};
  // Without a run dir there is no next berth in this place, and no other may have the name.
  if (run_dir.empty() || ::stat(run_dir.c_str(), &status) != 0)
    return "berth-" + os::random_id();
  return "berth-" + std::to_string(status.st_dev) + "-" + std::to_string(status.st_ino);
}

}  // namespace berth
