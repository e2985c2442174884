// The longest way from the first signal of a shutdown to its end, and the times that [shutdown]
// would have to give for nothing to be cut short.
#pragma once

#include <string>
#include <vector>

#include "units/catalog.h"

namespace berth {

/// One unit on its way to the end, with the most time that it may take by its own file.
struct StopStep {
  std::string unit;
  Milliseconds stop{0};   ///< until SIGKILL: stop_timeout
  Milliseconds after{0};  ///< then: after_stop; of a job with on = "shutdown": its tries
  Milliseconds total() const { return stop + after; }
  bool operator==(const StopStep&) const = default;
};

struct StopPath {
  std::vector<StopStep> steps;  ///< each begins when the one before has ended
  Milliseconds total{0};
  Milliseconds before_rest{0};  ///< of it, until tenants and jobs of the end are through
  Milliseconds stops{0};        ///< the longest way of stop_timeouts alone
  Milliseconds rest_stops{0};   ///< of it, after tenants and jobs of the end
  /// What suffices for [shutdown] timeout and after_stop, so that every unit has all of its time.
  Milliseconds timeout{0}, after_stop{0};

  /// Whether what `config` gives is enough for that.
  bool fits(const BerthConfig& config) const;
};

/// As a shutdown goes (init/shutdown.cc): tenants, then jobs of the end, then the rest, within each
/// of them backwards along requires, wants, after and before. Stock units count if something pulls
/// them in. Jobs count as what runs at that moment.
StopPath longest_stop(const Catalog& catalog);

}  // namespace berth
