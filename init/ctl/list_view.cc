// Lists of units and of tenants.
#include "init/ctl/list_view.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fnmatch.h>

#include "init/ctl/json_writer.h"
#include "init/ctl/table.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

int rank_of(const std::string& kind) {
  static const std::map<std::string, int> kRanks = {
      {"proxy", 0}, {"service", 1}, {"job", 2}, {"tenant", 4}};
  const auto found = kRanks.find(kind);
  return found != kRanks.end() ? found->second : 3;
}

bool is_resting_tenant(const UnitRow& row) {
  return row.kind == "tenant" && row.state == "inactive";
}

std::string pid_text(std::uint32_t pid) {
  return pid == 0 ? std::string() : std::to_string(pid);
}

/// What is in its way, else what it is.
std::string what(const UnitRow& row) {
  if (row.state == "waiting" && !row.detail.empty())
    return "waits for " + printable(row.detail);
  if (row.detail.empty() && row.next_run_ms != 0)
    return "next run " + local_time(row.next_run_ms) +
           (row.description.empty() ? "" : ": " + printable(row.description));
  return printable(row.detail.empty() ? row.description : row.detail);
}

/// "8 units: 6 running, 1 failed, 1 exited".
std::string summary_of(const std::vector<UnitRow>& rows) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const UnitRow& row : rows) {
    const auto found = std::find_if(counts.begin(), counts.end(),
                                    [&](const auto& each) { return each.first == row.state; });
    if (found == counts.end())
      counts.emplace_back(row.state, 1);
    else
      ++found->second;
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> parts;
  for (const auto& [state, count] : counts)
    parts.push_back(std::to_string(count) + ' ' + state);
  return count_of(rows.size(), "unit") + ": " + join(parts, ", ") + '\n';
}

}  // namespace

std::vector<UnitRow> select_units(std::vector<UnitRow> rows,
                                  const std::vector<std::string>& patterns) {
  const auto is_meant = [&patterns](const UnitRow& row) {
    return patterns.empty() ||
           std::any_of(patterns.begin(), patterns.end(), [&row](const std::string& pattern) {
             return ::fnmatch(pattern.c_str(), row.name.c_str(), 0) == 0;
           });
  };
  rows.erase(
      std::remove_if(rows.begin(), rows.end(), [&](const UnitRow& row) { return !is_meant(row); }),
      rows.end());
  std::sort(rows.begin(), rows.end(), [](const UnitRow& a, const UnitRow& b) {
    return std::tuple(rank_of(a.kind), a.name) < std::tuple(rank_of(b.kind), b.name);
  });
  return rows;
}

std::string list_text(const std::vector<UnitRow>& rows, bool hide_resting, const Output& output) {
  if (rows.empty())
    return "no units\n";
  Table table(
      {{"UNIT"}, {"KIND"}, {"STATE"}, {"SINCE", Align::right}, {"PID", Align::right}, {"WHAT"}});
  std::size_t hidden = 0;
  for (const UnitRow& row : rows) {
    if (hide_resting && is_resting_tenant(row)) {
      ++hidden;
      continue;
    }
    table.add({{printable(row.name)},
               {row.kind},
               {row.state, colour_of(row.state)},
               {ago(row.since_ms, output.now_ms)},
               {pid_text(row.main_pid)},
               {what(row), row.state == "failed" ? Colour::red : Colour::none}});
  }
  std::string text = hidden < rows.size() ? table.render(output) + '\n' : std::string();
  text += summary_of(rows);
  if (hidden > 0)
    text += count_of(hidden, "tenant") + " at rest not shown; see: berthctl tenants\n";
  return text;
}

std::string list_json(const std::vector<UnitRow>& rows) {
  JsonWriter json;
  json.begin_array();
  for (const UnitRow& row : rows) {
    json.begin_object();
    json.member("name", row.name);
    json.member("kind", row.kind);
    json.member("state", row.state);
    json.member("wanted_up", row.wanted_up);
    json.member("description", row.description);
    json.member("detail", row.detail);
    json.member("main_pid", row.main_pid);
    json.member("since_ms", row.since_ms);
    json.member("restarts", row.restarts);
    json.member("endpoint", row.endpoint);
    json.member("next_run_ms", row.next_run_ms);
    json.end_object();
  }
  json.end_array();
  return std::move(json).take();
}

std::string tenants_text(std::vector<TenantRow> rows, const Output& output) {
  if (rows.empty())
    return "no tenants\n";
  std::sort(rows.begin(), rows.end(), [](const TenantRow& a, const TenantRow& b) {
    return std::tuple(a.state == "inactive", a.path, a.name) <
           std::tuple(b.state == "inactive", b.path, b.name);
  });
  Table table({{"TENANT"},
               {"PATH"},
               {"STATE"},
               {"SINCE", Align::right},
               {"OPEN", Align::right},
               {"ANSWERED", Align::right},
               {"LAST USE", Align::right},
               {"MEMORY", Align::right},
               {"STOPS AFTER", Align::right},
               {"ENDPOINT"}});
  std::size_t running = 0;
  for (const TenantRow& row : rows) {
    const bool is_up = row.state == "running";
    running += is_up ? 1 : 0;
    const bool may_stop = is_up && !row.pinned && row.idle_timeout_ms > 0;
    table.add({{printable(row.name)},
               {printable(row.path)},
               {row.state, colour_of(row.state)},
               {ago(row.since_ms, output.now_ms)},
               {is_up ? std::to_string(row.in_flight) : std::string()},
               {is_up || row.requests > 0 ? std::to_string(row.requests) : std::string()},
               {ago(row.last_use_ms, output.now_ms)},
               {row.memory > 0 ? size_text(row.memory) : std::string()},
               {may_stop ? roughly(row.idle_timeout_ms)
                         : std::string(is_up && row.pinned ? "pinned" : "")},
               {is_up ? printable(row.endpoint) : std::string()}});
  }
  return table.render(output) + '\n' + count_of(rows.size(), "tenant") + ": " +
         std::to_string(running) + " running\n";
}

std::string tenants_json(const std::vector<TenantRow>& rows) {
  JsonWriter json;
  json.begin_array();
  for (const TenantRow& row : rows) {
    json.begin_object();
    json.member("name", row.name);
    json.member("path", row.path);
    json.member("state", row.state);
    json.member("endpoint", row.endpoint);
    json.member("in_flight", row.in_flight);
    json.member("requests", row.requests);
    json.member("idle_for_ms", row.idle_for_ms);
    json.member("idle_timeout_ms", row.idle_timeout_ms);
    json.member("since_ms", row.since_ms);
    json.member("pinned", row.pinned);
    json.member("last_use_ms", row.last_use_ms);
    json.member("memory", row.memory);
    json.end_object();
  }
  json.end_array();
  return std::move(json).take();
}

}  // namespace berth::ctl
