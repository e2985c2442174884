// Stories.
#include "init/ctl/status_view.h"

#include <algorithm>
#include <map>

#include "init/ctl/json_writer.h"
#include "init/ctl/table.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

constexpr std::size_t kLabelWidth = 10;

/// "     state: running", or nothing if there is nothing to say.
std::string field(const std::string& label, const std::string& text) {
  if (text.empty())
    return {};
  const std::size_t padding = kLabelWidth > label.size() ? kLabelWidth - label.size() : 0;
  return std::string(padding, ' ') + label + ": " + text + '\n';
}

std::string state_line(const UnitDetails& unit, const Output& output) {
  std::string line = output.paint(colour_of(unit.state), unit.state);
  if (unit.since_ms != 0)
    line += " since " + local_time(unit.since_ms) + " (" + ago(unit.since_ms, output.now_ms) + ')';
  if (unit.restarts > 0)
    line += ", after " + count_of(unit.restarts, "automatic restart");
  return line;
}

std::string processes_line(const UnitDetails& unit) {
  if (unit.pids.empty() && unit.main_pid == 0)
    return {};
  std::vector<std::string> others;
  for (const std::uint32_t pid : unit.pids) {
    if (pid != unit.main_pid)
      others.push_back(std::to_string(pid));
  }
  const std::string main = unit.main_pid != 0 ? std::to_string(unit.main_pid) : "no main process";
  return others.empty() ? main : main + " and " + join(others, ", ");
}

/// "12M, 30M at most so far (limit 64M, high 48M; by cgroup v2)".
std::string memory_line(const UnitDetails& unit) {
  const auto size = [](std::uint64_t bytes) { return size_text(Figure(bytes)); };
  std::vector<std::string> bounds;
  if (unit.memory_limit > 0)
    bounds.push_back("limit " + size(unit.memory_limit));
  if (unit.memory_high > 0)
    bounds.push_back("high " + size(unit.memory_high));
  if (unit.memory_by.empty())
    return join(bounds, ", ");
  std::string line = size(unit.memory_current);
  if (unit.memory_peak > 0)
    line += ", " + size(unit.memory_peak) + " at most so far";
  return line + " (" + join(bounds, ", ") + (bounds.empty() ? "by " : "; by ") + unit.memory_by +
         ')';
}

std::string traffic_line(const UnitDetails& unit) {
  if (unit.kind != "tenant" || unit.state != "running")
    return {};
  std::string line =
      count_of(unit.requests, "request") + " answered, " + std::to_string(unit.in_flight) + " open";
  if (unit.in_flight == 0)
    line += ", idle for " + roughly(unit.idle_for_ms);
  if (unit.pinned)
    line += "; started by hand, so it stays until stopped";
  else if (unit.idle_timeout_ms > 0)
    line += "; stops after " + roughly(unit.idle_timeout_ms) + " of idleness";
  return line;
}

std::string next_run(const UnitDetails& unit, const Output& output) {
  if (unit.next_run_ms == 0)
    return {};
  const bool is_due = unit.next_run_ms <= output.now_ms;
  return local_time(unit.next_run_ms) +
         (is_due ? "" : " (in " + roughly(unit.next_run_ms - output.now_ms) + ')');
}

/// "2026-11-23 15:02:11  schedule  took 5s   exit status 1" for each run, the newest first; what a
/// run that failed said last stands below it.
std::string runs_text(const UnitDetails& unit, const Output& output) {
  std::string text;
  for (auto run = unit.runs.rbegin(); run != unit.runs.rend(); ++run) {
    text += "  " + local_time(run->started_ms) + "  " + run->trigger + ", " +
            roughly(run->duration_ms) + ": " +
            output.paint(run->succeeded ? Colour::green : Colour::red, printable(run->result)) +
            '\n';
    for (const std::string& line : run->lines)
      text += run->succeeded ? "" : "    " + printable(line) + '\n';
  }
  return text;
}

std::string next_step(const UnitDetails& unit) {
  const std::string start = "berthctl start " + unit.name;
  if (unit.state == "failed")
    return "mend the cause, then: " + start + " (all that was said: berthctl logs " + unit.name +
           ")";
  if (unit.state == "backoff")
    return "berth tries again by itself; at once: " + start;
  if (unit.state == "waiting" && !unit.waits_for.empty())
    return "berthctl status " + unit.waits_for.substr(0, unit.waits_for.find(' '));
  if (unit.state == "skipped")
    return "its condition does not hold; when it does: " + start;
  if (unit.state == "inactive" && unit.kind == "tenant" && !unit.path.empty())
    return "the first request to " + unit.path + " starts it, or: " + start;
  if (unit.state == "inactive")
    return start;
  return {};
}

std::string log_text(const LogExcerpt& log) {
  std::string text;
  for (const LogRecord& record : log.records)
    text += "  " + log_line_text(record);
  return text;
}

void write_runs(JsonWriter& json, const UnitDetails& unit) {
  json.member("next_run_ms", unit.next_run_ms);
  json.key("runs");
  json.begin_array();
  for (const RunRow& run : unit.runs) {
    json.begin_object();
    json.member("trigger", run.trigger);
    json.member("started_ms", run.started_ms);
    json.member("duration_ms", run.duration_ms);
    json.member("succeeded", run.succeeded);
    json.member("result", run.result);
    json.member("lines", run.lines);
    json.end_object();
  }
  json.end_array();
}

void write_unit(JsonWriter& json, const UnitStory& story) {
  const UnitDetails& unit = story.unit;
  json.begin_object();
  json.member("name", unit.name);
  json.member("kind", unit.kind);
  json.member("state", unit.state);
  json.member("wanted_up", unit.wanted_up);
  json.member("description", unit.description);
  json.member("file", unit.file);
  json.member("main_pid", unit.main_pid);
  json.member("pids", unit.pids);
  json.member("since_ms", unit.since_ms);
  json.member("started_ms", unit.started_ms);
  json.member("restarts", unit.restarts);
  json.member("waits_for", unit.waits_for);
  json.member("last_exit", unit.last_exit);
  json.member("reason", unit.reason);
  json.member("endpoint", unit.endpoint);
  json.member("says", unit.says);
  json.member("documentation", unit.documentation);
  json.member("requires", unit.requires_units);
  json.member("wants", unit.wants);
  json.member("after", unit.after);
  json.member("memory_by", unit.memory_by);
  json.member("memory_current", unit.memory_current);
  json.member("memory_peak", unit.memory_peak);
  json.member("memory_limit", unit.memory_limit);
  json.member("memory_high", unit.memory_high);
  if (unit.kind == "tenant") {
    json.member("path", unit.path);
    json.member("in_flight", unit.in_flight);
    json.member("requests", unit.requests);
    json.member("idle_timeout_ms", unit.idle_timeout_ms);
    json.member("idle_for_ms", unit.idle_for_ms);
    json.member("pinned", unit.pinned);
  }
  if (unit.kind == "job")
    write_runs(json, unit);
  json.key("log");
  json.begin_array();
  for (const LogRecord& record : story.log.records)
    write_log_record(json, record);
  json.end_array();
  json.end_object();
}

std::map<std::string, std::uint32_t> count_states(const std::vector<UnitRow>& units) {
  std::map<std::string, std::uint32_t> counts;
  for (const UnitRow& unit : units)
    ++counts[unit.state];
  return counts;
}

}  // namespace

bool is_active(const std::string& state) {
  return state == "running" || state == "exited";
}

std::string log_line_text(const LogRecord& record) {
  return local_time(record.time_ms) + "  " + printable(record.text) + '\n';
}

void write_log_record(JsonWriter& json, const LogRecord& record) {
  json.begin_object();
  json.member("time_ms", record.time_ms);
  json.key("stream");
  if (record.stream.empty())
    json.null();
  else
    json.value(record.stream);
  json.member("message", record.text);
  json.end_object();
}

std::string status_text(const UnitDetails& unit, const LogExcerpt& log, const Output& output) {
  std::string title = output.paint(Colour::bold, printable(unit.name)) + " (" + unit.kind + ')';
  if (!unit.description.empty())
    title += ": " + printable(unit.description);
  const bool is_down = !is_active(unit.state);
  std::string text = title + '\n';
  text += field("state", state_line(unit, output));
  text += field("waits for", printable(unit.waits_for));
  text += field("reason", is_down || unit.kind == "proxy" ? printable(unit.reason) : std::string());
  text += field("last exit", printable(unit.last_exit));
  text += field("processes", processes_line(unit));
  text += field("memory", memory_line(unit));
  text += field("endpoint", is_down ? std::string() : printable(unit.endpoint));
  text += field("says", printable(unit.says));
  text += field("path", printable(unit.path));
  text += field("traffic", traffic_line(unit));
  text += field("requires", join(unit.requires_units, ", "));
  text += field("wants", join(unit.wants, ", "));
  text += field("after", join(unit.after, ", "));
  text += field("docs", printable(join(unit.documentation, ", ")));
  text += field("file", printable(unit.file));
  text += field("next run", next_run(unit, output));
  text += field("next", printable(next_step(unit)));
  if (!unit.runs.empty())
    text += "\nlast runs, newest first:\n" + runs_text(unit, output);
  if (!log.records.empty())
    text += '\n' + log_text(log);
  return text;
}

std::string status_json(const std::vector<UnitStory>& stories) {
  JsonWriter json;
  json.begin_array();
  for (const UnitStory& story : stories)
    write_unit(json, story);
  json.end_array();
  return std::move(json).take();
}

std::string system_text(const SystemInfo& system, const std::vector<UnitRow>& units,
                        const Output& output) {
  const bool is_well = system.state == "running";
  std::vector<std::string> counts;
  for (const auto& [state, count] : count_states(units))
    counts.push_back(std::to_string(count) + ' ' + state);
  std::string text = output.paint(Colour::bold, "berth " + printable(system.version)) + " (pid " +
                     std::to_string(system.berth_pid) +
                     "): " + output.paint(is_well ? Colour::green : Colour::yellow, system.state) +
                     '\n';
  text += field("units", std::to_string(units.size()) +
                             (counts.empty() ? std::string() : ": " + join(counts, ", ")));
  for (const UnitRow& unit : units) {
    if (unit.state == "failed")
      text += field("failed", printable(unit.name) +
                                  (unit.detail.empty() ? "" : ": " + printable(unit.detail)));
  }
  for (const std::string& error : system.load_errors)
    text += field("rejected", printable(error));
  for (const std::string& line : system.cut_short)
    text += field("cut short", "at the last shutdown, " + printable(line));
  if (system.state == "maintenance")
    text += field("note", "dynamic requests get the maintenance page");
  return text;
}

std::string system_json(const SystemInfo& system, const std::vector<UnitRow>& units) {
  JsonWriter json;
  json.begin_object();
  json.member("version", system.version);
  json.member("state", system.state);
  json.member("berth_pid", system.berth_pid);
  json.member("now_ms", system.now_ms);
  json.key("units");
  json.begin_object();
  for (const auto& [state, count] : count_states(units))
    json.member(state, count);
  json.end_object();
  std::vector<std::string> failed;
  for (const UnitRow& unit : units) {
    if (unit.state == "failed")
      failed.push_back(unit.name);
  }
  json.member("failed", failed);
  json.member("load_errors", system.load_errors);
  json.member("cut_short", system.cut_short);
  json.end_object();
  return std::move(json).take();
}

}  // namespace berth::ctl
