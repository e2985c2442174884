// MemoryKeeper: looks at the memory of the units that have [memory] limit or high, and does what
// their files say. Where a cgroup keeps the limit, it only looks at `high` and at whom the kernel
// killed; elsewhere it measures, and keeps the limit itself.
//
// A look costs little: a number of each cgroup, or the resident set of each process, which is never
// less than the proportional one. Only a unit that is too large by that is measured by a helper.
// The next look comes after a second, or after fifty times what this one took.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "init/cleaner.h"
#include "init/idle_watch.h"
#include "init/leases.h"
#include "init/log_hub.h"
#include "init/manager.h"
#include "init/memory_probe.h"
#include "init/resources.h"
#include "init/unit_table.h"
#include "units/memory_policy.h"

namespace berth {

/// What is known of a unit's memory.
struct MemoryFigure {
  std::string by;             ///< "cgroup v2", "cgroup v1", "PSS", "RSS"
  std::uint64_t current = 0;  ///< bytes
  std::uint64_t peak = 0;     ///< of this life; 0 = unknown
};

class MemoryKeeper {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    LogHub& logs;
    const Cgroups& groups;
    Cleaner& cleaner;
    Launcher& launcher;
    Reaper& reaper;
    Manager& manager;
    Leases& leases;
    const IdleWatch& idle;
  };
  explicit MemoryKeeper(Parts parts) : p_(parts), probe_(p_.loop, p_.launcher, p_.reaper) {}
  ~MemoryKeeper() { p_.loop.cancel(next_); }
  MemoryKeeper(const MemoryKeeper&) = delete;
  MemoryKeeper& operator=(const MemoryKeeper&) = delete;

  /// After every change of state.
  void on_state(UnitRuntime& unit);
  /// nullopt if nothing watches the unit's memory.
  std::optional<MemoryFigure> figure(const UnitRuntime& unit) const;

 private:
  struct Record {
    MemoryRecord history;
    std::uint64_t epoch = 0;      ///< of the life that the rest is about
    MemoryFigure last;            ///< measured by berth itself; `by` empty = not yet
    std::uint64_t ooms_seen = 0;  ///< at the last look
    std::uint64_t ooms_said = 0;
    bool wait_said = false;  ///< that it is to restart, and is in use
  };

  void look();
  void look_at_groups(const std::vector<UnitRuntime*>& units);
  void look_at_processes(const std::vector<UnitRuntime*>& units);
  void measure(const std::vector<std::pair<UnitRuntime*, std::vector<pid_t>>>& large);
  void found(UnitRuntime& unit, std::uint64_t used, bool keeps_limit);
  void remember(UnitRuntime& unit, const char* by, std::uint64_t used);
  void look_for_ooms(UnitRuntime& unit);
  void say_last_ooms(UnitRuntime& unit);
  void say_ooms(UnitRuntime& unit, std::uint64_t kills);
  void act(UnitRuntime& unit, MemoryStep step, Bytes used);
  void restart_when_idle(UnitRuntime& unit, const std::string& why);
  void restart(UnitRuntime& unit, const std::string& why);
  Record& record_of(const UnitRuntime& unit);
  Milliseconds monotonic() const;

  Parts p_;
  MemoryProbe probe_;
  std::map<std::string, Record> records_;  ///< by unit name
  os::TimerId next_ = os::kNoTimer;
};

}  // namespace berth
