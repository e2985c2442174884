// The generated adaptor, filled in. No exception leaves a handler as anything but sdbus::Error,
// which sdbus-c++ turns into an error reply; any other would cross sd-bus's C frames.
#include "init/admin/manager_object.h"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>
#include <vector>

#include <bus/manager_adaptor.h>

#include "init/admin/graph_rows.h"
#include "init/admin/memory_run.h"
#include "init/json_text.h"
#include "init/log.h"
#include "init/os/pipe.h"
#include "init/os/stream.h"
#include "units/unit_state.h"

namespace berth::admin {
namespace {

constexpr const char* kObjectPath = "/org/berth";
/// What is longer is no unit's name, and must not fill a packet to PID 1.
constexpr std::size_t kMaxUnitName = 4096;

using Dictionary = std::map<std::string, sdbus::Variant>;
using UnitRow =
    sdbus::Struct<std::string, std::string, std::string, bool, std::string, std::string,
                  std::uint32_t, std::uint64_t, std::uint32_t, std::string, std::uint64_t>;
using RunRow = sdbus::Struct<std::string, std::uint64_t, std::uint64_t, bool, std::string,
                             std::vector<std::string>>;
using TenantRow =
    sdbus::Struct<std::string, std::string, std::string, std::string, std::uint32_t, std::uint64_t,
                  std::uint64_t, std::uint64_t, std::uint64_t, bool, std::uint64_t, std::uint64_t>;
using LogRow = sdbus::Struct<std::uint64_t, std::string, std::string>;
using MemoryRow = sdbus::Struct<std::string, std::string, std::uint32_t, std::int64_t, std::int64_t,
                                std::int64_t, std::int64_t, std::int64_t, std::string>;

/// Runs the body of a handler.
template <typename Body>
void bus_method(Body body) {
  try {
    body();
  } catch (const sdbus::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw sdbus::Error("org.berth.Error.Failed", error.what());
  }
}

/// An answer that is given later. The pointer is shared by the copies that std::function makes of
/// its callable: sdbus::Result can only be moved.
template <typename... Values>
class LaterReply {
 public:
  explicit LaterReply(sdbus::Result<Values...>&& result)
      : result_(std::make_shared<sdbus::Result<Values...>>(std::move(result))) {}

  void give(const Values&... values) const noexcept {
    try {
      result_->returnResults(values...);
    } catch (const std::exception& error) {
      refuse(Refusal{"org.berth.Error.Failed", error.what()});
    }
  }
  void refuse(const Refusal& refusal) const noexcept {
    try {
      result_->returnError(sdbus::Error(refusal.name, to_valid_utf8(refusal.message)));
    } catch (const std::exception& error) {
      log_debug(error.what());  // the client is gone
    }
  }
  /// `build` makes the values of what was answered, as a tuple.
  template <typename T, typename Build>
  void answer(const Answer<T>& answer, Build build) const noexcept {
    if (const auto* refusal = std::get_if<Refusal>(&answer))
      return refuse(*refusal);
    try {
      std::apply([this](const Values&... values) { give(values...); }, build(std::get<T>(answer)));
    } catch (const std::exception& error) {
      refuse(Refusal{"org.berth.Error.Failed", error.what()});
    }
  }

 private:
  std::shared_ptr<sdbus::Result<Values...>> result_;
};
template <typename... Values>
LaterReply(sdbus::Result<Values...>&&) -> LaterReply<Values...>;

std::vector<std::string> valid_utf8(const std::vector<std::string>& texts) {
  std::vector<std::string> valid;
  valid.reserve(texts.size());
  for (const std::string& text : texts)
    valid.push_back(to_valid_utf8(text));
  return valid;
}

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

/// The newest `limit` lines, 0 = all.
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

/// A pipe for what PID 1 tells while it happens. Its description is shared with PID 1, which must
/// never wait for whoever reads.
Result<os::Pipe> follower_pipe() {
  os::Pipe pipe = BERTH_TRY(os::make_pipe());
  if (!os::make_nonblocking(pipe.write_end.borrow()))
    return Error{ErrorCode::unavailable, "the pipe cannot be made non-blocking"};
  return pipe;
}

sdbus::ObjectPath job_path(std::uint32_t id) {
  return sdbus::ObjectPath(std::string(kObjectPath) + "/job/" + std::to_string(id));
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

}  // namespace

class ManagerObject::Impl final : public sdbus::AdaptorInterfaces<org::berth::Manager1_adaptor> {
 public:
  Impl(os::EventLoop& loop, ControlLink& link, sdbus::IConnection& connection, ClientId client,
       uid_t uid)
      : AdaptorInterfaces(connection, kObjectPath),
        loop_(loop),
        link_(link),
        client_(client),
        uid_(uid) {
    registerAdaptor();
  }
  ~Impl() {
    // The replies that are still owed hold on to the connection: they go before it does.
    link_.forget(client_);
    run_.reset();
    unregisterAdaptor();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  using JobResultSlot = sdbus::Result<sdbus::ObjectPath>;

  void ListUnits(sdbus::Result<std::vector<UnitRow>>&& result) override {
    bus_method([&] {
      link_.get_snapshot(client_, false,
                         [later = LaterReply(std::move(result))](const auto& answer) {
                           later.answer(answer, [](const Snapshot& snapshot) {
                             std::vector<UnitRow> rows;
                             rows.reserve(snapshot.units.size());
                             std::transform(snapshot.units.begin(), snapshot.units.end(),
                                            std::back_inserter(rows), unit_row);
                             return std::tuple(std::move(rows));
                           });
                         });
    });
  }

  void ListTenants(sdbus::Result<std::vector<TenantRow>>&& result) override {
    bus_method([&] {
      link_.get_snapshot(client_, false,
                         [later = LaterReply(std::move(result))](const auto& answer) {
                           later.answer(answer, [](const Snapshot& snapshot) {
                             std::vector<TenantRow> rows;
                             for (const UnitStatus& unit : snapshot.units) {
                               if (unit.kind == UnitKind::tenant)
                                 rows.push_back(tenant_row(unit));
                             }
                             return std::tuple(std::move(rows));
                           });
                         });
    });
  }

  void GetStatus(sdbus::Result<Dictionary>&& result, std::string name) override {
    bus_method([&] {
      link_.get_snapshot(client_, true,
                         [later = LaterReply(std::move(result)),
                          name = std::move(name)](const Answer<Snapshot>& answer) {
                           if (const auto* refusal = std::get_if<Refusal>(&answer))
                             return later.refuse(*refusal);
                           const auto& units = std::get<Snapshot>(answer).units;
                           const auto found = std::find_if(
                               units.begin(), units.end(),
                               [&](const UnitStatus& unit) { return unit.name == name; });
                           if (found == units.end())
                             return later.refuse(no_such_unit(name));
                           later.answer(Answer<UnitStatus>(*found), [](const UnitStatus& unit) {
                             return std::tuple(status_of(unit));
                           });
                         });
    });
  }

  void GetSystem(sdbus::Result<Dictionary>&& result) override {
    bus_method([&] {
      link_.get_snapshot(
          client_, false, [later = LaterReply(std::move(result))](const auto& answer) {
            later.answer(answer,
                         [](const Snapshot& snapshot) { return std::tuple(system_of(snapshot)); });
          });
    });
  }

  void ListGraph(sdbus::Result<std::vector<GraphRow>, std::uint64_t, std::uint64_t, std::uint64_t>&&
                     result) override {
    bus_method([&] {
      link_.get_snapshot(client_, false,
                         [later = LaterReply(std::move(result))](const auto& answer) {
                           later.answer(answer, [](const Snapshot& snapshot) {
                             return std::tuple(graph_rows(snapshot), snapshot.now_us,
                                               snapshot.begun_us, snapshot.booted_us);
                           });
                         });
    });
  }

  void FollowStates(
      sdbus::Result<std::vector<StateRow>, std::uint64_t, sdbus::UnixFd>&& result) override {
    bus_method([&] {
      const LaterReply later(std::move(result));
      auto pipe = follower_pipe();
      if (!pipe)
        return later.refuse(no_answer(pipe.error().message));
      const sdbus::UnixFd fd(pipe->read_end.release(), sdbus::adopt_fd);
      link_.follow_states(client_, std::move(pipe->write_end),
                          [later, fd](const Answer<Snapshot>& answer) {
                            later.answer(answer, [&](const Snapshot& snapshot) {
                              return std::tuple(state_rows(snapshot), snapshot.now_us, fd);
                            });
                          });
    });
  }

  void StartUnit(JobResultSlot&& result, std::string name) override {
    run_job(control::Verb::start, std::move(result), name);
  }
  void StopUnit(JobResultSlot&& result, std::string name) override {
    run_job(control::Verb::stop, std::move(result), name);
  }
  void RestartUnit(JobResultSlot&& result, std::string name) override {
    run_job(control::Verb::restart, std::move(result), name);
  }
  void ReloadUnit(JobResultSlot&& result, std::string name) override {
    run_job(control::Verb::reload_unit, std::move(result), name);
  }
  void ResetFailedUnit(JobResultSlot&& result, std::string name) override {
    run_job(control::Verb::reset_failed, std::move(result), name);
  }

  void run_job(control::Verb verb, JobResultSlot&& result, const std::string& name) {
    bus_method([&] {
      const LaterReply later(std::move(result));
      if (name.size() > kMaxUnitName)
        return later.refuse(no_such_unit(name.substr(0, kMaxUnitName)));
      link_.command(client_, uid_, verb, name, [later](const Answer<std::uint32_t>& answer) {
        later.answer(answer, [](std::uint32_t id) { return std::tuple(job_path(id)); });
      });
    });
  }

  using ReloadSlot = sdbus::Result<bool, std::vector<std::string>>;
  void Reload(ReloadSlot&& result, bool dry_run) override {
    reload(dry_run ? control::Verb::reload_dry_run : control::Verb::reload, std::move(result));
  }
  void ReloadNow(ReloadSlot&& result) override {
    reload(control::Verb::reload_now, std::move(result));
  }

  void shut_down(control::Verb verb, sdbus::Result<>&& result) {
    bus_method([&] {
      link_.command(client_, uid_, verb, "",
                    [later = LaterReply(std::move(result))](const Answer<std::uint32_t>& answer) {
                      later.answer(answer, [](std::uint32_t) { return std::tuple(); });
                    });
    });
  }

  void reload(control::Verb verb, ReloadSlot&& result) {
    bus_method([&] {
      link_.command_to_end(client_, uid_, verb, "",
                           [later = LaterReply(std::move(result))](const Answer<JobEnd>& answer) {
                             later.answer(answer, [](const JobEnd& end) {
                               return std::tuple(end.result == control::JobResult::done,
                                                 valid_utf8(end.lines));
                             });
                           });
    });
  }

  void Shutdown(sdbus::Result<>&& result) override {
    shut_down(control::Verb::shutdown, std::move(result));
  }

  void Reboot(sdbus::Result<>&& result) override {
    shut_down(control::Verb::reboot, std::move(result));
  }

  void LogTail(sdbus::Result<std::vector<LogRow>, std::uint64_t>&& result, std::string name,
               std::uint32_t lines) override {
    bus_method([&] {
      const LaterReply later(std::move(result));
      if (name.size() > kMaxUnitName)
        return later.refuse(no_such_unit(name.substr(0, kMaxUnitName)));
      link_.get_log(client_, name, {}, [later, lines](const Answer<berth::LogTail>& answer) {
        later.answer(answer, [lines](const berth::LogTail& tail) {
          return std::tuple(log_rows(tail, lines), tail.dropped);
        });
      });
    });
  }

  void LogFollow(sdbus::Result<std::vector<LogRow>, std::uint64_t, sdbus::UnixFd>&& result,
                 std::string name, std::uint32_t lines) override {
    bus_method([&] {
      const LaterReply later(std::move(result));
      if (name.size() > kMaxUnitName)
        return later.refuse(no_such_unit(name.substr(0, kMaxUnitName)));
      auto pipe = follower_pipe();
      if (!pipe)
        return later.refuse(no_answer(pipe.error().message));
      const sdbus::UnixFd fd(pipe->read_end.release(), sdbus::adopt_fd);
      link_.get_log(client_, name, std::move(pipe->write_end),
                    [later, lines, fd](const Answer<berth::LogTail>& answer) {
                      later.answer(answer, [&](const berth::LogTail& tail) {
                        return std::tuple(log_rows(tail, lines), tail.dropped, fd);
                      });
                    });
    });
  }

  void MeasureMemory(sdbus::Result<std::vector<MemoryRow>, bool>&& result) override {
    bus_method([&] {
      LaterReply later(std::move(result));
      if (run_ != nullptr && !run_->is_over())
        return later.refuse(too_much("a measurement of yours is under way"));
      run_ = std::make_unique<MemoryRun>(
          loop_, link_, client_, [later](const Answer<MemoryReport>& answer) {
            later.answer(answer, [](const MemoryReport& report) {
              std::vector<MemoryRow> rows;
              rows.reserve(report.units.size());
              std::transform(report.units.begin(), report.units.end(), std::back_inserter(rows),
                             memory_row);
              return std::tuple(std::move(rows), report.complete);
            });
          });
      run_->start();
    });
  }

  std::string Version() override { return BERTH_VERSION; }

  os::EventLoop& loop_;
  ControlLink& link_;
  ClientId client_;
  uid_t uid_;
  std::unique_ptr<MemoryRun> run_;  ///< null = none yet; one at a time
};

ManagerObject::ManagerObject(os::EventLoop& loop, ControlLink& link, sdbus::IConnection& connection,
                             ClientId client, uid_t uid)
    : impl_(std::make_unique<Impl>(loop, link, connection, client, uid)) {}

ManagerObject::~ManagerObject() = default;

void ManagerObject::job_ended(const JobEnd& end) noexcept {
  try {
    impl_->emitJobRemoved(end.id, job_path(end.id), end.unit, result_name(end.result),
                          valid_utf8(end.lines));
  } catch (const std::exception& error) {
    log_debug(error.what());  // the client is gone
  }
}

}  // namespace berth::admin
