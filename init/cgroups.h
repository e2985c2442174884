// Cgroups: a group for each unit that is alive, where the machine lets berth make one. It holds the
// unit's limits, says who belongs to the unit, and counts whom the kernel killed for memory.
//
// Below berth's own group there is one of this berth, named after its run dir, so that the next
// berth finds what a crashed one left; the groups of units are in it. In version 2 every unit has a
// group, since entering one at the fork costs next to nothing. In version 1 the child has to write
// to cgroup.procs, for which the kernel waits some milliseconds: only units that need it have one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "init/cgroup_layout.h"
#include "init/os/event_loop.h"
#include "init/os/process.h"
#include "init/shortfalls.h"
#include "init/unit_runtime.h"

namespace berth {

/// What the groups of a child are, for the length of one spawn().
struct GroupEntry {
  os::UniqueFd at_fork;                  ///< entered by the fork itself; closed = none
  std::vector<os::UniqueFd> by_writing;  ///< entered by the child
};

/// What a group tells of a unit's memory.
struct GroupMemory {
  bool is_v2 = false;
  std::uint64_t current = 0;          ///< bytes, the page cache included
  std::optional<std::uint64_t> peak;  ///< of this life, or of this group where that is older
};

class Cgroups {
 public:
  /// name: of this berth's group, the same for the next berth in this place.
  Cgroups(os::EventLoop& loop, CgroupLayout layout, std::string name, Shortfalls& shortfalls);
  ~Cgroups() { loop_.cancel(retry_); }
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  /// Before the first unit: kills and removes what an earlier berth of this name has left, and
  /// gives the groups of version 2 their controllers, for which berth, and where it is PID 1
  /// everything beside it, moves into a group of its own (no internal processes, cgroups(7)).
  void begin(bool is_pid1);
  /// After the last unit: removes everything, as far as it can be removed.
  void end();

  /// Before the first process of a life: the groups that the unit needs, with its limits. What
  /// cannot be had is said once.
  void open(const UnitRuntime& unit);
  /// Whether a unit that may be up can be given the limits of `next` by adjust(). Not where a group
  /// of version 1 would have to be entered for one, nor where it uses more memory than it would get
  /// and the kernel would let berth wait until that is given back.
  bool takes_limits(const UnitRuntime& unit, const Unit& next) const;
  /// Writes the limits in which the unit differs from what it was `before`.
  /// REQUIRES: takes_limits() was true for them.
  void adjust(const UnitRuntime& unit, const Unit& before);
  /// Where its children go.
  GroupEntry entry(const UnitRuntime& unit) const;
  /// After its last process. What does not go at once is tried again.
  void close(const UnitRuntime& unit);

  /// The processes in its groups.
  std::vector<pid_t> members(const UnitRuntime& unit) const;
  /// Signals one of them, after looking again whether it still is one.
  bool signal(const UnitRuntime& unit, pid_t pid, int signal) const;
  /// SIGKILL to all of them at once. False where that cannot be done (Linux 5.14, version 2).
  bool kill(const UnitRuntime& unit);

  /// nullopt if no group measures the unit's memory.
  std::optional<GroupMemory> memory(const UnitRuntime& unit) const;
  /// What the unit has without the page cache, which the kernel takes back before it kills; with
  /// what is swapped out.
  std::optional<std::uint64_t> memory_in_use(const UnitRuntime& unit) const;
  /// How many processes of this life the kernel has killed because memory ran out.
  std::uint64_t oom_kills(const UnitRuntime& unit) const;
  /// Why a SIGKILL that berth did not send was sent, if memory ran out since the last question:
  /// "out of memory (limit 64M)".
  std::optional<std::string> why_killed(const UnitRuntime& unit);

  const CgroupLayout& layout() const { return layout_; }

 private:
  /// A unit's folders; empty = none.
  struct Group {
    std::string v2, memory, pids, cpu;  ///< the last three of version 1
    bool was_killed = false;            ///< by cgroup.kill, perhaps
    std::uint64_t ooms_before = 0;      ///< kills counted before this life
    std::uint64_t ooms_told = 0;        ///< of this life, those that why_killed() has answered for
    std::uint64_t limit_hits_before = 0;
  };
  /// A limit, and the file of a unit's group that holds it.
  struct Setting {
    std::string file, value;
    std::string none;  ///< the value of a new group
    const char* key;
  };
  struct Leaving {
    std::string folder;
    int tries = 0;
  };

  std::string top(const std::string& own) const { return own + "/" + name_; }
  const Group* find(const UnitRuntime& unit) const;
  /// Sets was_there if it was. An empty key: nothing is said if it cannot be made.
  std::string make(const std::string& own, const UnitRuntime& unit, bool& was_there,
                   const std::string& key);
  void make_version_one(const UnitRuntime& unit, Group& group, bool& was_there);
  void say_missing(const Unit& unit, const Group& group);
  std::vector<Setting> settings(const Unit& unit, const Group& group) const;
  bool holds_memory(const Group& group) const {
    return !group.memory.empty() || (layout_.v2_memory && !group.v2.empty());
  }
  bool holds_pids(const Group& group) const {
    return !group.pids.empty() || (layout_.v2_pids && !group.v2.empty());
  }
  bool holds_cpu(const Group& group) const {
    return !group.cpu.empty() || (layout_.v2_cpu && !group.v2.empty());
  }
  void set(const std::string& file, const std::string& value, const std::string& key);
  void take_over(const std::string& own);
  bool make_leaf(bool is_pid1);
  void enable(const std::string& controller, bool& usable, std::string& why_not);
  void disable_controllers();
  void remove(std::string folder);
  void try_again();
  std::uint64_t ooms_of(const Group& group) const;
  std::uint64_t limit_hits_of(const Group& group) const;
  std::uint64_t own_ooms() const;

  os::EventLoop& loop_;
  CgroupLayout layout_;
  std::string name_;
  Shortfalls& shortfalls_;
  std::map<std::string, Group> groups_;  ///< by unit name; only of units that are alive
  std::vector<Leaving> leaving_;
  std::uint64_t own_ooms_told_ = 0;
  bool has_leaf_ = false;
  os::TimerId retry_ = os::kNoTimer;
};

/// A name for Cgroups that the next berth with the same run dir has, and no other berth.
std::string cgroup_name(const std::string& run_dir);

}  // namespace berth
