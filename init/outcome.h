// Outcome: which unit's end is the end of berth, and berth's exit status.
#pragma once

#include <optional>
#include <string>

#include "init/unit_table.h"

namespace berth {

class Outcome {
 public:
  explicit Outcome(const UnitTable& table) : table_(table) {}

  /// Call after every change of state. Says why berth has to end, if this unit's state means that.
  /// shutting_down: it ends already; how the main unit does so then still counts.
  std::optional<std::string> on_state(const UnitRuntime& unit, bool shutting_down);

  /// The main unit's own, as a shell would tell it, if it has ended; else 1 if an essential unit
  /// failed. cut_short: something had to be killed, which is 1 where it would have been 0.
  int exit_status(bool cut_short) const;

 private:
  bool has_failed(const UnitRuntime& unit) const;

  const UnitTable& table_;
  std::optional<int> main_status_;
  bool essential_failed_ = false;
};

}  // namespace berth
