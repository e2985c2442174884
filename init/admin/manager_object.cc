// The generated adaptor, filled in. No exception leaves a handler as anything but sdbus::Error,
// which sdbus-c++ turns into an error reply; any other would cross sd-bus's C frames.
#include "init/admin/manager_object.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include <bus/manager_adaptor.h>

#include "init/admin/graph_rows.h"
#include "init/admin/memory_run.h"
#include "init/admin/status_rows.h"
#include "init/json_text.h"
#include "init/log.h"
#include "init/os/pipe.h"
#include "init/os/stream.h"

namespace berth::admin {
namespace {

constexpr const char* kObjectPath = "/org/berth";
/// What is longer is no unit's name, and must not fill a packet to PID 1.
constexpr std::size_t kMaxUnitName = 4096;

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
      link_.get_snapshot(
          client_, false, [later = LaterReply(std::move(result))](const auto& answer) {
            later.answer(answer,
                         [](const Snapshot& snapshot) { return std::tuple(unit_rows(snapshot)); });
          });
    });
  }

  void ListTenants(sdbus::Result<std::vector<TenantRow>>&& result) override {
    bus_method([&] {
      link_.get_snapshot(
          client_, false, [later = LaterReply(std::move(result))](const auto& answer) {
            later.answer(
                answer, [](const Snapshot& snapshot) { return std::tuple(tenant_rows(snapshot)); });
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
  void SetMaintenance(JobResultSlot&& result, std::string name, bool on) override {
    run_job(on ? control::Verb::maintenance_on : control::Verb::maintenance_off, std::move(result),
            name);
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
              return std::tuple(memory_rows(report), report.complete);
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
