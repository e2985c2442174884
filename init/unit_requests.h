// UnitRequests: what the parts around Manager may ask of it.
#pragma once

#include <string>

#include "init/unit_runtime.h"
#include "units/result.h"

namespace berth {

class UnitRequests {
 public:
  virtual ~UnitRequests() = default;
  /// The unit and what it pulls in are wanted up. Fails while berth shuts down.
  virtual Result<void> want_up(UnitRuntime& unit) = 0;
  /// The unit, and what requires it, is to stop. `why` is for the log.
  virtual void want_down(UnitRuntime& unit, const std::string& why) = 0;
};

}  // namespace berth
