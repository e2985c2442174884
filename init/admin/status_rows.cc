// What PID 1 tells of units, as rows.
#include "init/admin/status_rows.h"

#include <algorithm>

#include "init/json_text.h"
#include "units/unit_state.h"

namespace berth::admin {
namespace {

std::string state_name(UnitState state) {
  return std::string(to_string(state));
}

std::uint32_t pid_of(std::int32_t pid) {
  return pid > 0 ? static_cast<std::uint32_t>(pid) : 0;
}

/// The one thing worth knowing in a list: what it waits for, else why it is down.
const std::string& detail_of(const UnitStatus& unit) {
  if (!unit.waits_for.empty())
    return unit.waits_for;
  return unit.state == UnitState::failed || unit.state == UnitState::backoff ? unit.reason
                                                                             : unit.waits_for;
}

UnitRow unit_row(const UnitStatus& unit) {
  return UnitRow{unit.name,
                 kind_name(unit.kind),
                 state_name(unit.state),
                 unit.wanted_up,
                 to_valid_utf8(unit.description),
                 to_valid_utf8(detail_of(unit)),
                 pid_of(unit.main_pid),
                 unit.since_ms,
                 unit.restarts,
                 to_valid_utf8(unit.endpoint),
                 unit.next_run_ms};
}

std::vector<RunRow> run_rows(const UnitStatus& unit) {
  std::vector<RunRow> rows;
  for (const JobRunStatus& run : unit.runs)
    rows.emplace_back(std::string(to_string(run.trigger)), run.started_ms, run.duration_ms,
                      run.succeeded, to_valid_utf8(run.result), valid_utf8(run.lines));
  return rows;
}

TenantRow tenant_row(const UnitStatus& unit) {
  return TenantRow{unit.name,
                   to_valid_utf8(unit.path),
                   state_name(unit.state),
                   to_valid_utf8(unit.endpoint),
                   unit.in_flight,
                   unit.requests,
                   unit.idle_for_ms,
                   unit.idle_timeout_ms,
                   unit.since_ms,
                   unit.pinned,
                   unit.last_use_ms,
                   unit.tenant_memory};
}

std::string stream_name(LogStream stream) {
  switch (stream) {
    case LogStream::out:
      return "out";
    case LogStream::err:
      return "err";
    case LogStream::berth:
      return "berth";
  }
  return "out";  // from a newer PID 1
}

std::int64_t figure(const std::optional<std::uint64_t>& bytes) {
  return bytes.has_value() ? static_cast<std::int64_t>(*bytes) : -1;
}

MemoryRow memory_row(const UnitMemory& unit) {
  return MemoryRow{unit.name,
                   unit.kind,
                   unit.processes,
                   figure(unit.sum.resident),
                   figure(unit.sum.proportional),
                   figure(unit.sum.private_memory),
                   figure(unit.sum.swapped),
                   figure(unit.in_cgroup),
                   unit.measured_by};
}

}  // namespace

std::vector<std::string> valid_utf8(const std::vector<std::string>& texts) {
  std::vector<std::string> valid;
  valid.reserve(texts.size());
  for (const std::string& text : texts)
    valid.push_back(to_valid_utf8(text));
  return valid;
}

std::vector<UnitRow> unit_rows(const Snapshot& snapshot) {
  std::vector<UnitRow> rows;
  rows.reserve(snapshot.units.size());
  std::transform(snapshot.units.begin(), snapshot.units.end(), std::back_inserter(rows), unit_row);
  return rows;
}

std::vector<TenantRow> tenant_rows(const Snapshot& snapshot) {
  std::vector<TenantRow> rows;
  for (const UnitStatus& unit : snapshot.units)
    if (unit.kind == UnitKind::tenant)
      rows.push_back(tenant_row(unit));
  return rows;
}

Dictionary status_of(const UnitStatus& unit) {
  std::vector<std::uint32_t> pids(unit.pids.size());
  std::transform(unit.pids.begin(), unit.pids.end(), pids.begin(), pid_of);
  Dictionary status{{"name", unit.name},
                    {"kind", kind_name(unit.kind)},
                    {"state", state_name(unit.state)},
                    {"wanted_up", unit.wanted_up},
                    {"description", to_valid_utf8(unit.description)},
                    {"file", to_valid_utf8(unit.file)},
                    {"main_pid", pid_of(unit.main_pid)},
                    {"pids", pids},
                    {"since_ms", unit.since_ms},
                    {"started_ms", unit.started_ms},
                    {"restarts", unit.restarts},
                    {"waits_for", to_valid_utf8(unit.waits_for)},
                    {"last_exit", to_valid_utf8(unit.last_exit)},
                    {"reason", to_valid_utf8(unit.reason)},
                    {"endpoint", to_valid_utf8(unit.endpoint)},
                    {"says", to_valid_utf8(unit.says)},
                    {"documentation", valid_utf8(unit.documentation)},
                    {"requires", valid_utf8(unit.requires_units)},
                    {"wants", valid_utf8(unit.wants)},
                    {"after", valid_utf8(unit.after)},
                    {"memory_by", unit.memory_by},
                    {"memory_current", unit.memory_current},
                    {"memory_peak", unit.memory_peak},
                    {"memory_limit", unit.memory_limit},
                    {"memory_high", unit.memory_high}};
  if (unit.kind == UnitKind::job)
    status.insert({{"next_run_ms", unit.next_run_ms}, {"runs", run_rows(unit)}});
  if (unit.kind != UnitKind::tenant)
    return status;
  status.insert({{"path", to_valid_utf8(unit.path)},
                 {"in_flight", unit.in_flight},
                 {"requests", unit.requests},
                 {"idle_timeout_ms", unit.idle_timeout_ms},
                 {"idle_for_ms", unit.idle_for_ms},
                 {"pinned", unit.pinned}});
  return status;
}

Dictionary system_of(const Snapshot& snapshot) {
  return Dictionary{{"version", to_valid_utf8(snapshot.version)},
                    {"state", to_valid_utf8(snapshot.system_state)},
                    {"berth_pid", pid_of(snapshot.berth_pid)},
                    {"now_ms", snapshot.now_ms},
                    {"load_errors", valid_utf8(snapshot.load_errors)},
                    {"cut_short", valid_utf8(snapshot.cut_short)}};
}

std::vector<LogRow> log_rows(const LogTail& tail, std::uint32_t limit) {
  const std::size_t count =
      limit == 0 ? tail.lines.size() : std::min<std::size_t>(limit, tail.lines.size());
  std::vector<LogRow> rows;
  rows.reserve(count);
  for (auto line = tail.lines.end() - static_cast<std::ptrdiff_t>(count); line != tail.lines.end();
       ++line)
    rows.emplace_back(line->time_ms, stream_name(line->stream), to_valid_utf8(line->text));
  return rows;
}

std::vector<MemoryRow> memory_rows(const MemoryReport& report) {
  std::vector<MemoryRow> rows;
  rows.reserve(report.units.size());
  std::transform(report.units.begin(), report.units.end(), std::back_inserter(rows), memory_row);
  return rows;
}

std::string result_name(control::JobResult result) {
  switch (result) {
    case control::JobResult::done:
      return "done";
    case control::JobResult::canceled:
      return "canceled";
    case control::JobResult::timeout:
      return "timeout";
    case control::JobResult::failed:
      return "failed";
    case control::JobResult::dependency:
      return "dependency";
    case control::JobResult::skipped:
      return "skipped";
  }
  return "failed";  // from a newer PID 1
}

}  // namespace berth::admin
