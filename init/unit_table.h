// UnitTable: all units by name, and the queue of events that waits for Manager::drain().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "init/unit_runtime.h"

namespace berth {

class UnitTable {
 public:
  using Map = std::map<std::string, std::unique_ptr<UnitRuntime>, std::less<>>;

  /// REQUIRES: there is no unit of that name. The reference is good until remove().
  UnitRuntime& add(Unit unit);
  UnitRuntime* find(std::string_view name);
  const UnitRuntime* find(std::string_view name) const;
  /// The unit whose end is the container's, or null.
  UnitRuntime* main_unit();
  /// Drops the unit and its waiting events.
  void remove(const std::string& name);
  const Map& all() const { return units_; }

  /// Events are handled in order, by Manager::drain(); never from within the caller. Those of a
  /// successor go to whoever has made it.
  void post(UnitRuntime& unit, UnitEvent event);
  /// Takes back what was posted of that kind and has not been handled. Whether there was any.
  bool retract(UnitRuntime& unit, UnitEvent event);
  struct Posted {
    UnitRuntime* unit = nullptr;
    UnitEvent event = UnitEvent::start;
  };
  /// The next event, or {nullptr}.
  Posted take();
  std::uint64_t next_epoch() { return ++last_epoch_; }

 private:
  Map units_;
  std::deque<Posted> queue_;  ///< bounded: each unit has a handful of sources of events
  std::uint32_t next_index_ = 0;
  std::uint64_t last_epoch_ = 0;
};

}  // namespace berth
