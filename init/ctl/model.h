// What berthctl knows of berth: what org.berth.Berth1.xml carries, as values. States and kinds stay
// words, so that a newer berth can have more of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace berth::ctl {

/// Times are milliseconds: points since 1970, or durations; 0 = never or none.
struct UnitRow {
  std::string name, kind, state;
  bool wanted_up = false;
  std::string description;
  std::string detail;  ///< what it waits for, or why it is down
  std::uint32_t main_pid = 0;
  std::uint64_t since_ms = 0;
  std::uint32_t restarts = 0;
  std::string endpoint;
  std::uint64_t next_run_ms = 0;  ///< of a job, by the clock
};

/// A run of a job that has ended.
struct RunRow {
  std::string trigger;
  std::uint64_t started_ms = 0, duration_ms = 0;
  bool succeeded = false;
  std::string result;
  std::vector<std::string> lines;
};

struct TenantRow {
  std::string name, path, state, endpoint;
  std::uint32_t in_flight = 0;
  std::uint64_t requests = 0, idle_for_ms = 0, idle_timeout_ms = 0, since_ms = 0;
  bool pinned = false;
  std::uint64_t last_use_ms = 0;
  std::uint64_t memory = 0;  ///< bytes; 0 = unknown
};

struct UnitDetails {
  std::string name, kind, state, description, file;
  bool wanted_up = false;
  std::uint32_t main_pid = 0;
  std::vector<std::uint32_t> pids;
  std::uint64_t since_ms = 0, started_ms = 0;
  std::uint32_t restarts = 0;
  std::string waits_for, last_exit, reason, endpoint, says;
  std::vector<std::string> documentation, requires_units, wants, after;
  std::string memory_by;  ///< as MemoryRow::measured_by; empty if nothing watches its memory
  std::uint64_t memory_current = 0, memory_peak = 0, memory_limit = 0, memory_high = 0;  ///< bytes
  // Tenants only.
  std::string path;
  std::uint32_t in_flight = 0;
  std::uint64_t requests = 0, idle_timeout_ms = 0, idle_for_ms = 0;
  bool pinned = false;
  // Jobs only.
  std::uint64_t next_run_ms = 0;
  std::vector<RunRow> runs;  ///< oldest first
};

struct SystemInfo {
  std::string version, state;
  std::uint32_t berth_pid = 0;
  std::uint64_t now_ms = 0;
  std::vector<std::string> load_errors;
  std::vector<std::string> cut_short;  ///< at the last shutdown
};

struct LogRecord {
  std::uint64_t time_ms = 0;
  std::string stream;  ///< "out", "err", "berth"; empty = not told (lines that are followed)
  std::string text;
};
struct LogExcerpt {
  std::vector<LogRecord> records;
  std::uint64_t dropped = 0;
};

/// What one unit's file says of another: the key (requires, wants, after, before, conflicts), and
/// that unit.
struct BondTo {
  std::string key;
  std::string unit;
};
/// A unit in the graph. Times are CLOCK_MONOTONIC in microseconds, of the current or last life; 0 =
/// not yet.
struct GraphNode {
  std::string name, kind;
  std::string state;  ///< empty = nobody has looked: from unit files alone
  std::string start;  ///< boot, demand, manual; stock = only when pulled in
  bool succeeded = false;
  std::vector<BondTo> bonds;
  std::uint64_t queued_us = 0, begun_us = 0, up_us = 0;
};
struct UnitGraph {
  std::vector<GraphNode> nodes;  ///< by name
  std::uint64_t now_us = 0;
  std::uint64_t begun_us = 0;   ///< berth's own start
  std::uint64_t booted_us = 0;  ///< 0 = not yet
};

/// Bytes; nullopt = could not be measured.
using Figure = std::optional<std::uint64_t>;
struct MemoryFigures {
  Figure rss, pss, private_memory, swap;
};
struct MemoryRow {
  std::string name, kind;
  std::uint32_t processes = 0;
  MemoryFigures figures;
  Figure in_cgroup = {};
  std::string measured_by = {};  ///< "cgroup v2", "cgroup v1", "PSS", "RSS"
};
struct MemoryReport {
  std::vector<MemoryRow> rows;
  bool complete = false;
};

/// How a job ended: done, canceled, timeout, failed, dependency, skipped; and why, for people.
struct JobOutcome {
  std::string result;
  std::vector<std::string> reasons;
};
struct ReloadOutcome {
  bool ok = false;
  std::vector<std::string> messages;
};

}  // namespace berth::ctl
