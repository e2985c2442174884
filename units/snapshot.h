// Snapshot: the state of every unit at one moment, as PID 1 tells it to berth-admin; and the kept
// log of one unit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "units/job_trigger.h"
#include "units/unit.h"
#include "units/unit_state.h"

namespace berth {

/// A run of a job that has ended: of a job that is tried again, one try.
struct JobRunStatus {
  JobTrigger trigger = JobTrigger::dependency;
  std::uint64_t started_ms = 0;  ///< wall clock since 1970
  std::uint64_t duration_ms = 0;
  bool succeeded = false;
  std::string result;              ///< in words: "succeeded", "exit status 1"
  std::vector<std::string> lines;  ///< the last ones that it said, oldest first
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.trigger);
    v(s.started_ms);
    v(s.duration_ms);
    v(s.succeeded);
    v(s.result);
    v(s.lines);
  }
  bool operator==(const JobRunStatus&) const = default;
};

/// One unit. Times are milliseconds: wall clock since 1970, 0 = never.
struct UnitStatus {
  std::string name;
  UnitKind kind = UnitKind::service;
  UnitState state = UnitState::inactive;
  bool wanted_up = false;
  std::string description;
  std::vector<std::string> documentation;
  std::string file;                ///< where it is defined, "FILE:LINE"
  std::int32_t main_pid = 0;       ///< 0 = none
  std::vector<std::int32_t> pids;  ///< all that belongs to it, the main one included
  std::uint64_t since_ms = 0;      ///< of this state
  std::uint64_t started_ms = 0;    ///< of the current or last life
  std::uint32_t restarts = 0;  ///< automatic ones since it was last started by hand or by request
  std::string waits_for;       ///< "redis (starting)", while waiting
  std::string last_exit;       ///< in words: "exit status 1", "killed by SIGKILL"
  std::string reason;          ///< why it failed or is in back-off, in words
  std::string endpoint;        ///< where it serves, as an address; empty if nowhere
  std::string says;            ///< what it tells of itself by sd_notify: "reloading: new routes"
  std::vector<std::string> requires_units, wants, after, before, conflicts, part_of;
  StartWhen start = StartWhen::boot;
  bool stock = false;      ///< starts only when something pulls it in
  bool succeeded = false;  ///< a job that has, at least once: what requires it is content
  // Of the current or last life, CLOCK_MONOTONIC in microseconds; 0 = not yet.
  std::uint64_t queued_us = 0;  ///< wanted up: it waits for others from here
  std::uint64_t begun_us = 0;   ///< nothing to wait for any more: preparations begin
  std::uint64_t up_us = 0;      ///< ready; a job: has succeeded
  std::string
      memory_by;  ///< what keeps its [memory]: "cgroup v2", "cgroup v1", "PSS", "RSS"; or ""
  std::uint64_t memory_current = 0, memory_peak = 0;  ///< bytes; peak: of this life, 0 = unknown
  std::uint64_t memory_limit = 0, memory_high = 0;    ///< bytes; 0 = none
  // Tenants only.
  std::string path;  ///< URL prefix
  std::uint32_t in_flight = 0;
  std::uint64_t requests = 0;
  std::uint64_t idle_timeout_ms = 0;
  std::uint64_t idle_for_ms = 0;
  std::uint64_t last_use_ms = 0;
  std::uint64_t tenant_memory = 0;  ///< bytes, of its cgroup or main process; 0 = unknown
  bool pinned = false;              ///< started by hand: stays until stopped
  // Jobs only.
  std::uint64_t next_run_ms = 0;   ///< by `every` or `schedule`; 0 = not by the clock
  std::vector<JobRunStatus> runs;  ///< the last ones, oldest first

  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.name);
    v(s.kind);
    v(s.state);
    v(s.wanted_up);
    v(s.description);
    v(s.documentation);
    v(s.file);
    v(s.main_pid);
    v(s.pids);
    v(s.since_ms);
    v(s.started_ms);
    v(s.restarts);
    v(s.waits_for);
    v(s.last_exit);
    v(s.reason);
    v(s.endpoint);
    v(s.says);
    v(s.requires_units);
    v(s.wants);
    v(s.after);
    v(s.before);
    v(s.conflicts);
    v(s.part_of);
    v(s.start);
    v(s.stock);
    v(s.succeeded);
    v(s.queued_us);
    v(s.begun_us);
    v(s.up_us);
    v(s.memory_by);
    v(s.memory_current);
    v(s.memory_peak);
    v(s.memory_limit);
    v(s.memory_high);
    v(s.path);
    v(s.in_flight);
    v(s.requests);
    v(s.idle_timeout_ms);
    v(s.idle_for_ms);
    v(s.last_use_ms);
    v(s.tenant_memory);
    v(s.pinned);
    v(s.next_run_ms);
    v(s.runs);
  }
  bool operator==(const UnitStatus&) const = default;
};

struct Snapshot {
  std::string version;
  std::string system_state;  ///< "starting", "running", "degraded" (a unit has failed),
                             ///< "maintenance", "stopping"
  std::int32_t berth_pid = 0;
  std::int32_t admin_pid = 0;
  std::uint64_t now_ms = 0;
  // CLOCK_MONOTONIC in microseconds.
  std::uint64_t now_us = 0;
  std::uint64_t begun_us = 0;   ///< berth's own start
  std::uint64_t booted_us = 0;  ///< when nothing was on its way up for the first time; 0 = not yet
  std::vector<UnitStatus> units;         ///< by name
  std::vector<std::string> load_errors;  ///< "file:line:column: message" of rejected files
  std::vector<std::string> cut_short;    ///< at the last shutdown: "redis: killed while …"
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.version);
    v(s.system_state);
    v(s.berth_pid);
    v(s.admin_pid);
    v(s.now_ms);
    v(s.now_us);
    v(s.begun_us);
    v(s.booted_us);
    v(s.units);
    v(s.load_errors);
    v(s.cut_short);
  }
  bool operator==(const Snapshot&) const = default;
};

enum class LogStream : std::uint8_t { out, err, berth };

struct LogLine {
  std::uint64_t time_ms = 0;  ///< wall clock since 1970
  LogStream stream = LogStream::out;
  std::string text;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.time_ms);
    v(s.stream);
    v(s.text);
  }
  bool operator==(const LogLine&) const = default;
};

struct LogTail {
  std::vector<LogLine> lines;  ///< oldest first
  std::uint64_t dropped = 0;   ///< lines lost to the bound of the buffer
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.lines);
    v(s.dropped);
  }
  bool operator==(const LogTail&) const = default;
};

}  // namespace berth
