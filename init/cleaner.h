// Cleaner: removes what is left of a life, and passes signals on to all processes of a unit. One
// look at /proc a turn of the loop serves every unit that asked in it.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "init/cgroups.h"
#include "init/log_hub.h"
#include "init/os/event_loop.h"
#include "init/settings.h"
#include "init/sweep.h"
#include "init/unit_table.h"

namespace berth {

class Cleaner {
 public:
  Cleaner(os::EventLoop& loop, UnitTable& table, LogHub& logs, Cgroups& groups,
          const Settings& settings)
      : loop_(loop), table_(table), logs_(logs), groups_(groups), settings_(settings) {}
  ~Cleaner() { loop_.cancel(again_); }

  /// Kills what is left of the unit's life until nothing is, then calls `swept`, from the loop.
  /// REQUIRES: no main process, no auxiliary command.
  void sweep(UnitRuntime& unit, std::function<void()> swept);
  /// Sends `signal` to all processes of the unit but the main one, at the end of this turn.
  void signal_rest(UnitRuntime& unit, int signal);
  /// Forgets the unit.
  void forget(const UnitRuntime& unit);
  /// At the end of each turn of the loop.
  void run();

  /// All live processes of each unit, its main one included: result[i] belongs to units[i].
  std::vector<std::vector<pid_t>> members_of(const std::vector<const UnitRuntime*>& units) const;

 private:
  struct Sweep {
    std::function<void()> swept;
    std::chrono::milliseconds pause{5};
    bool has_killed = false;
    os::TimePoint due;
  };
  /// Live processes of one unit, each with the mark that gave it away; without one, it was its
  /// cgroup.
  using Members = std::map<pid_t, std::optional<UnitMarks>>;

  /// Whether /proc can be read; where it cannot, the turns of the loop to come try again.
  bool can_look();
  void look(const std::vector<UnitRuntime*>& units);
  void finish_or_kill(UnitRuntime& unit, const Members& left);
  std::vector<Members> find(const std::vector<const UnitRuntime*>& units, bool thorough) const;
  void add_group_members(const std::vector<const UnitRuntime*>& units,
                         std::vector<Members>& members) const;
  void signal_member_of(UnitRuntime& unit, const Members::value_type& member, int signal) const;
  void kill_group(const UnitRuntime& unit) const;
  void say_left_behind(UnitRuntime& unit, std::size_t count);
  std::vector<UnitMarks> marks_of(const UnitRuntime& unit) const;
  std::vector<pid_t> spared_for(const std::vector<const UnitRuntime*>& units) const;

  os::EventLoop& loop_;
  UnitTable& table_;
  LogHub& logs_;
  Cgroups& groups_;
  const Settings& settings_;
  std::map<UnitRuntime*, Sweep> sweeps_;
  std::map<UnitRuntime*, int> signals_;
  os::TimerId again_ = os::kNoTimer;
  bool blindness_said_ = false;
};

}  // namespace berth
