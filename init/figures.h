// Figures: what is counted for whoever watches berth from outside: starts, restarts and failures by
// class of units, and memory. A proxy with [proxy.metrics] tells it on.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "init/memory_keeper.h"
#include "init/unit_table.h"
#include "units/figures.h"

namespace berth {

class Figures {
 public:
  Figures(const UnitTable& table, const MemoryKeeper& memory) : table_(table), memory_(memory) {}

  /// After every change of state, and after Timeline has noted it.
  void on_state(const UnitRuntime& unit, UnitState from);
  /// What is counted so far, and how it is now. Reads a number of each live unit's cgroup or main
  /// process.
  SystemFigures take() const;
  /// What a unit has now: what its cgroup counts or MemoryKeeper has measured, else the resident
  /// set of its main process. nullopt = it has no process, or nothing can be read.
  std::optional<UnitMemory> memory_of(const UnitRuntime& unit) const;

 private:
  const UnitTable& table_;
  const MemoryKeeper& memory_;
  std::map<std::string, ClassFigures> classes_;  ///< what is counted; what is so now is not kept
};

}  // namespace berth
