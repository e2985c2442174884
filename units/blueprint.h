// Blueprint: one unit file with its drop-ins, read once; a plain unit or any number of instances
// are made from it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "units/instances.h"
#include "units/keys.h"

namespace berth {

/// What all units of a load share.
struct LoadState {
  ErrorList& errors;
  std::vector<UnitReference>& references;
  const LoadContext& context;
};

/// Keys without a variable are read into a draft once; the others are kept and read for each unit.
/// Owned by the load; keeps the tree that its keys point into.
class Blueprint {
 public:
  /// Reads the keys that are the same for every unit; what is wrong with them breaks `name`.
  /// REQUIRES: `tree` is a table, merged, and holds the kind's own table.
  Blueprint(UnitName name, UnitKind kind, Node tree, LoadState& load);
  Blueprint(const Blueprint&) = delete;
  Blueprint& operator=(const Blueprint&) = delete;
  ~Blueprint() = default;

  const UnitName& name() const { return name_; }
  UnitKind kind() const { return base_.unit.kind; }
  Mark at() const { return at_; }

  /// The plain unit.
  Unit make_unit(LoadState& load) const;
  /// One instance; what is wrong with it breaks `name`.
  Unit make_instance(const InstanceDeclaration& declaration, UnitName name, LoadState& load) const;

 private:
  struct Setting {
    const Key* key;
    const Member* member;
    std::string_view table;
  };

  void read_table(std::string_view key, std::string_view table, Reading& reading);
  void check_presence(const Node& own, Reading& reading) const;
  void declare_vars(Reading& reading);
  Scope scope_for(const UnitName& name, const LoadContext& context) const;
  void give_values(const InstanceDeclaration& declaration, Scope& scope, Reading& reading) const;
  /// The settings of [[instance]], in the order in which they are made.
  struct Overrides {
    std::vector<Setting> settings;
    std::deque<Member> made;  ///< what some of them point to: merged with what the template says
  };
  Overrides overrides(const InstanceDeclaration& declaration, Reading& reading) const;
  void override_by(const Member& member, const std::vector<std::string_view>& tables,
                   Overrides& overrides, Reading& reading) const;
  void finish(Unit& unit, Mark at, Reading& reading) const;

  UnitName name_;
  Node tree_;
  Mark at_;
  Draft base_;
  std::vector<Setting> varying_;
  std::vector<std::string> declared_;  ///< vars without their "?"
  std::vector<std::string> needed_;    ///< those without one
};

}  // namespace berth
