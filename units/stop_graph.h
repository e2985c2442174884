// StopGraph: units on their way to the end, who of them stops before whom, and how long that takes
// along the longest way.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "units/start_order.h"
#include "units/unit.h"

namespace berth {

/// REQUIRES: the units outlive it; the order is that of a catalog, without cycles.
class StopGraph {
 public:
  /// What the stop of one unit takes.
  using Cost = std::function<Milliseconds(const Unit& unit)>;

  StopGraph(const std::vector<const Unit*>& units, const StartOrder& order);

  /// The units of the longest way, in the order in which they stop.
  std::vector<const Unit*> longest(const Cost& cost) const;
  /// How long it takes from the beginning of each unit's stop, by name.
  std::map<std::string_view, Milliseconds> longest_from(const Cost& cost) const;

 private:
  static constexpr std::size_t kNobody = ~std::size_t{0};
  struct Node {
    const Unit* unit = nullptr;
    std::vector<std::size_t> next;  ///< who stops after it
    std::size_t before = 0;         ///< how many stop before it
  };
  void sort();

  std::vector<Node> nodes_;
  std::vector<std::size_t> sorted_;  ///< each after all that stop before it
};

}  // namespace berth
