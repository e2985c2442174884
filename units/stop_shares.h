// StopShares: how a shutdown divides the time that it has for stops among units that stop one after
// the other.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "units/start_order.h"
#include "units/unit.h"

namespace berth {

/// REQUIRES: the units that it was made of outlive it.
class StopShares {
 public:
  /// Of nobody.
  StopShares() = default;
  /// units: that are to stop; then: what follows when all of them have stopped, as long as it may
  /// take.
  StopShares(const std::vector<const Unit*>& units, const StartOrder& order, Milliseconds then);

  /// How long all of that takes if each unit needs all of its stop_timeout.
  Milliseconds longest() const { return longest_; }
  /// How long the stop of a unit may take that begins now, with so much time left: never more than
  /// its stop_timeout, and all of that if the time suffices for all that comes after it as well. If
  /// not, the part of it that is its due, but half of the time in any case: few units are deaf, and
  /// one that is slow is better helped by time now than the next one by time later.
  Milliseconds share(const Unit& unit, Milliseconds left) const;

 private:
  std::map<std::string_view, Milliseconds> from_;  ///< each unit's and what comes after it
  Milliseconds longest_{0};
};

}  // namespace berth
