// StartOrder: who waits for whom, in both directions, for a set of units that is known to have no
// cycle.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "units/unit.h"

namespace berth {

/// How one unit depends on another.
enum class Bond : std::uint8_t {
  after,        ///< ordering alone
  wants_it,     ///< pulled in; settles, may fail
  requires_it,  ///< pulled in; must be up
};

struct Dependency {
  std::string_view unit;  ///< lives as long as the StartOrder
  Bond bond = Bond::after;
};

class StartOrder {
 public:
  void add(const Unit& unit);
  /// Call once after the last add(): turns `before` round and fills in the reverse direction.
  void finish();

  /// What `unit` waits for before it starts: each once, with its strongest bond.
  const std::vector<Dependency>& waits_for(std::string_view unit) const;
  /// Who waits for `unit`; it stops after all of them.
  const std::vector<Dependency>& waited_for_by(std::string_view unit) const;
  /// The units and all that they require or want, directly or not, each once; dependencies first.
  std::vector<std::string_view> pulled_in_by(const std::vector<std::string_view>& units) const;
  /// All that require `unit` or are part of it, directly or not, without itself.
  std::vector<std::string_view> brought_down_by(std::string_view unit) const;
  /// All that are part of `unit`, directly or not, without itself: they restart with it.
  std::vector<std::string_view> parts_of(std::string_view unit) const;
  /// What cannot be up together with `unit`, whichever of the two says so.
  const std::vector<std::string_view>& in_conflict_with(std::string_view unit) const;

 private:
  struct Node {
    std::vector<Dependency> waits_for;
    std::vector<Dependency> waited_for_by;
  };
  void bond(std::string_view from, const std::string& to, Bond bond);
  const Node* find(std::string_view unit) const;
  void add_pulled_in(std::string_view unit, std::set<std::string_view>& seen,
                     std::vector<std::string_view>& order) const;
  template <typename Add>
  void add_parts(std::string_view unit, const Add& add) const;
  std::string_view own(const std::string& unit) { return nodes_.try_emplace(unit).first->first; }

  using Names = std::vector<std::string_view>;
  std::map<std::string, Node, std::less<>> nodes_;
  // Few units have any, so these are no part of every node.
  std::map<std::string_view, Names> conflicts_;
  std::map<std::string_view, Names> parts_;
  std::vector<std::pair<std::string, std::string>> before_;  ///< until finish()
};

}  // namespace berth
