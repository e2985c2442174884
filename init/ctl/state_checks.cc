// Asking for states.
#include "init/ctl/state_checks.h"

#include <algorithm>

#include "init/ctl/commands.h"
#include "init/ctl/json_writer.h"
#include "init/ctl/status_view.h"
#include "init/ctl/unit_jobs.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

bool has_failed(const UnitRow& row) {
  return row.state == "failed";
}

/// The rows of the units on the command line, in that order; what is not there is reported.
std::vector<UnitRow> pick(const std::vector<UnitRow>& rows, const Invocation& invocation,
                          BerthLink& berth, const Output& output, int& status) {
  std::vector<UnitRow> picked;
  for (const std::string& name : invocation.arguments) {
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [&](const UnitRow& row) { return row.name == name; });
    if (found != rows.end())
      picked.push_back(*found);
    else
      status = report(
          with_suggestion(Error{ErrorCode::not_found, "there is no unit " + name}, name, berth),
          output);
  }
  return picked;
}

void show(const std::vector<UnitRow>& rows, const Output& output) {
  if (!output.json) {
    for (const UnitRow& row : rows)
      output.out << printable(row.name) << ": " << output.paint(colour_of(row.state), row.state)
                 << '\n';
    return;
  }
  JsonWriter json;
  json.begin_array();
  for (const UnitRow& row : rows) {
    json.begin_object();
    json.member("unit", row.name);
    json.member("state", row.state);
    json.member("active", is_active(row.state));
    json.member("failed", has_failed(row));
    json.end_object();
  }
  json.end_array();
  output.out << std::move(json).take();
}

}  // namespace

std::vector<UnitRow> only_failed(std::vector<UnitRow> rows) {
  rows.erase(
      std::remove_if(rows.begin(), rows.end(), [](const UnitRow& row) { return !has_failed(row); }),
      rows.end());
  return rows;
}

int check_active(const Invocation& invocation, BerthLink& berth, const Output& output) {
  const auto units = berth.list_units();
  if (!units)
    return report(units.error(), output);
  int status = kSuccess;
  const auto rows = pick(*units, invocation, berth, output, status);
  show(rows, output);
  const bool all = std::all_of(rows.begin(), rows.end(),
                               [](const UnitRow& row) { return is_active(row.state); });
  return std::max(status, all ? kSuccess : kNotActive);
}

int check_failed(const Invocation& invocation, BerthLink& berth, const Output& output) {
  auto units = berth.list_units();
  if (!units)
    return report(units.error(), output);
  int status = kSuccess;
  const auto rows = invocation.arguments.empty() ? only_failed(*std::move(units))
                                                 : pick(*units, invocation, berth, output, status);
  show(rows, output);
  if (status != kSuccess)
    return status;
  return std::any_of(rows.begin(), rows.end(), has_failed) ? kSuccess : kFailure;
}

}  // namespace berth::ctl
