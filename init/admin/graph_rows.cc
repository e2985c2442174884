// Rows of the graph.
#include "init/admin/graph_rows.h"

#include "init/admin/memory_table.h"

namespace berth::admin {
namespace {

std::string start_word(const UnitStatus& unit) {
  if (unit.stock)
    return "stock";
  switch (unit.start) {
    case StartWhen::boot:
      return "boot";
    case StartWhen::demand:
      return "demand";
    case StartWhen::manual:
      break;
  }
  return "manual";
}

std::vector<BondRow> bonds_of(const UnitStatus& unit) {
  std::vector<BondRow> bonds;
  const auto add = [&bonds](const char* key, const std::vector<std::string>& names) {
    for (const std::string& name : names)
      bonds.emplace_back(key, name);
  };
  add("requires", unit.requires_units);
  add("wants", unit.wants);
  add("after", unit.after);
  add("before", unit.before);
  add("conflicts", unit.conflicts);
  add("part_of", unit.part_of);
  return bonds;
}

}  // namespace

std::vector<GraphRow> graph_rows(const Snapshot& snapshot) {
  std::vector<GraphRow> rows;
  rows.reserve(snapshot.units.size());
  for (const UnitStatus& unit : snapshot.units)
    rows.emplace_back(unit.name, kind_name(unit.kind), std::string(to_string(unit.state)),
                      start_word(unit), unit.succeeded, bonds_of(unit), unit.queued_us,
                      unit.begun_us, unit.up_us);
  return rows;
}

std::vector<StateRow> state_rows(const Snapshot& snapshot) {
  std::vector<StateRow> rows;
  rows.reserve(snapshot.units.size());
  for (const UnitStatus& unit : snapshot.units)
    rows.emplace_back(unit.name, std::string(to_string(unit.state)));
  return rows;
}

}  // namespace berth::admin
