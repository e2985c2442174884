// The generated proxy, and its errors in words.
#include "init/ctl/bus_link.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <map>
#include <utility>

#include <bus/manager_proxy.h>
#include <poll.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "init/admin/permission.h"
#include "init/os/errno_error.h"
#include "init/os/files.h"

namespace berth::ctl {
namespace {

constexpr const char* kBusName = "org.berth.Berth1";
constexpr const char* kObjectPath = "/org/berth";

/// A path in a D-Bus address (D-Bus specification, "Server Addresses").
std::string escape_address(const std::string& path) {
  static constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/.\\*";
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string escaped;
  for (const char each : path) {
    const auto byte = static_cast<unsigned char>(each);
    if (kPlain.find(each) != std::string_view::npos)
      escaped += each;
    else
      escaped.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return escaped;
}

/// The errno value behind an error of sd-bus, EIO if there is none.
int errno_of(const sdbus::Error& error) {
  const sd_bus_error raw{error.getName().c_str(), error.getMessage().c_str(), 0};
  const int number = sd_bus_error_get_errno(&raw);
  return number != 0 ? number : EIO;
}

bool is_hang_up(int number) {
  return number == ENOTCONN || number == ECONNRESET || number == EPIPE;
}

Error not_permitted() {
  return Error{ErrorCode::denied,
               std::string("not permitted; root or the group ") + admin::kAdminGroup};
}

Error not_reachable(const std::string& socket, int number) {
  return Error{ErrorCode::unavailable, "cannot reach berth at " + socket + ": " +
                                           os::errno_text(number) + "; is it running? (--run-dir)"};
}

Error connect_error(const std::string& socket, const sdbus::Error& error) {
  const int number = errno_of(error);
  // berth-admin closes the connection of whoever has no business there.
  if (number == EACCES || (is_hang_up(number) && ::geteuid() != 0))
    return not_permitted();
  return not_reachable(socket, number);
}

Error call_error(const sdbus::Error& error) {
  static const std::map<std::string, ErrorCode> kCodes = {
      {"org.berth.Error.NoSuchUnit", ErrorCode::not_found},
      {"org.berth.Error.AccessDenied", ErrorCode::denied},
      {"org.berth.Error.NoAnswer", ErrorCode::unavailable},
  };
  const auto known = kCodes.find(error.getName());
  if (known != kCodes.end())
    return Error{known->second, error.getMessage()};
  const int number = errno_of(error);
  if (is_hang_up(number))
    return Error{ErrorCode::unavailable, "the connection to berth broke"};
  if (number == ETIMEDOUT)
    return Error{ErrorCode::unavailable, "berth does not answer"};
  return Error{ErrorCode::invalid, error.getMessage()};
}

/// Runs `call`, which talks to the bus.
template <typename Call>
auto guarded(Call call) -> Result<decltype(call())> {
  try {
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
      return {};
    } else {
      return call();
    }
  } catch (const sdbus::Error& error) {
    return call_error(error);
  } catch (const std::exception& error) {
    return Error{ErrorCode::invalid, error.what()};
  }
}

using Dictionary = std::map<std::string, sdbus::Variant>;

/// The entry `key`, if there is one of that type: another version of berth may have another set.
template <typename T>
void take(const Dictionary& dictionary, const char* key, T& value) {
  const auto found = dictionary.find(key);
  if (found != dictionary.end() && found->second.containsValueOfType<T>())
    value = found->second.get<T>();
}

using WireRuns = std::vector<sdbus::Struct<std::string, std::uint64_t, std::uint64_t, bool,
                                           std::string, std::vector<std::string>>>;

UnitDetails details_of(const Dictionary& status) {
  UnitDetails unit;
  take(status, "name", unit.name);
  take(status, "kind", unit.kind);
  take(status, "state", unit.state);
  take(status, "wanted_up", unit.wanted_up);
  take(status, "description", unit.description);
  take(status, "file", unit.file);
  take(status, "main_pid", unit.main_pid);
  take(status, "pids", unit.pids);
  take(status, "since_ms", unit.since_ms);
  take(status, "started_ms", unit.started_ms);
  take(status, "restarts", unit.restarts);
  take(status, "waits_for", unit.waits_for);
  take(status, "last_exit", unit.last_exit);
  take(status, "reason", unit.reason);
  take(status, "endpoint", unit.endpoint);
  take(status, "says", unit.says);
  take(status, "documentation", unit.documentation);
  take(status, "requires", unit.requires_units);
  take(status, "wants", unit.wants);
  take(status, "after", unit.after);
  take(status, "memory_by", unit.memory_by);
  take(status, "memory_current", unit.memory_current);
  take(status, "memory_peak", unit.memory_peak);
  take(status, "memory_limit", unit.memory_limit);
  take(status, "memory_high", unit.memory_high);
  take(status, "path", unit.path);
  take(status, "in_flight", unit.in_flight);
  take(status, "requests", unit.requests);
  take(status, "idle_timeout_ms", unit.idle_timeout_ms);
  take(status, "idle_for_ms", unit.idle_for_ms);
  take(status, "pinned", unit.pinned);
  take(status, "next_run_ms", unit.next_run_ms);
  WireRuns runs;
  take(status, "runs", runs);
  for (const auto& run : runs)
    unit.runs.push_back(
        RunRow{run.get<0>(), run.get<1>(), run.get<2>(), run.get<3>(), run.get<4>(), run.get<5>()});
  return unit;
}

SystemInfo system_of(const Dictionary& dictionary) {
  SystemInfo system;
  take(dictionary, "version", system.version);
  take(dictionary, "state", system.state);
  take(dictionary, "berth_pid", system.berth_pid);
  take(dictionary, "now_ms", system.now_ms);
  take(dictionary, "load_errors", system.load_errors);
  take(dictionary, "cut_short", system.cut_short);
  return system;
}

using WireRecords = std::vector<sdbus::Struct<std::uint64_t, std::string, std::string>>;

LogExcerpt excerpt_of(const WireRecords& records, std::uint64_t dropped) {
  LogExcerpt excerpt;
  excerpt.dropped = dropped;
  for (const auto& record : records)
    excerpt.records.push_back(LogRecord{record.get<0>(), record.get<1>(), record.get<2>()});
  return excerpt;
}

Figure figure_of(std::int64_t bytes) {
  return bytes < 0 ? Figure() : Figure(static_cast<std::uint64_t>(bytes));
}

}  // namespace

class BusLink::Proxy final : public sdbus::ProxyInterfaces<org::berth::Manager1_proxy> {
 public:
  /// `connection` must outlive it.
  explicit Proxy(sdbus::IConnection& connection)
      : ProxyInterfaces(connection, kBusName, kObjectPath), connection_(connection) {
    registerProxy();
  }
  ~Proxy() { unregisterProxy(); }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  /// Handles what comes until `job` has ended.
  JobOutcome wait(const std::string& job) {
    for (;;) {
      while (connection_.processPendingRequest()) {
      }
      if (const auto found = ended_.find(job); found != ended_.end())
        return std::exchange(found->second, {});
      const auto wanted = connection_.getEventLoopPollData();
      pollfd watched{wanted.fd, wanted.events, 0};
      ::poll(&watched, 1, wanted.getPollTimeout());
    }
  }

 private:
  void onJobRemoved(const std::uint32_t&, const sdbus::ObjectPath& job, const std::string&,
                    const std::string& result, const std::vector<std::string>& reasons) override {
    ended_[job] = JobOutcome{result, reasons};
  }

  std::map<std::string, JobOutcome> ended_;  ///< by the job's path
  sdbus::IConnection& connection_;
};

BusLink::BusLink(std::string run_dir) : run_dir_(std::move(run_dir)) {}
BusLink::~BusLink() = default;

std::string admin_socket(const std::string& run_dir) {
  return run_dir + "/admin.sock";
}

Result<std::unique_ptr<BusLink>> BusLink::connect(const std::string& run_dir) {
  std::unique_ptr<BusLink> link(new BusLink(run_dir));
  BERTH_TRY(link->open());
  return link;
}

Result<void> BusLink::open() {
  const std::string socket = admin_socket(run_dir_);
  // The most usual failure is told without sdbus-c++ 1.2, which leaks a bus that it cannot open.
  if (!os::exists(socket) && errno == ENOENT)
    return not_reachable(socket, ENOENT);
  try {
    connection_ =
        sdbus::createSessionBusConnectionWithAddress("unix:path=" + escape_address(socket));
    proxy_ = std::make_unique<Proxy>(*connection_);
    return {};
  } catch (const sdbus::Error& error) {
    return connect_error(socket, error);
  }
}

void BusLink::close() {
  proxy_.reset();
  connection_.reset();
}

Result<std::vector<UnitRow>> BusLink::list_units() {
  return guarded([&] {
    std::vector<UnitRow> rows;
    for (const auto& unit : proxy_->ListUnits())
      rows.push_back(UnitRow{unit.get<0>(), unit.get<1>(), unit.get<2>(), unit.get<3>(),
                             unit.get<4>(), unit.get<5>(), unit.get<6>(), unit.get<7>(),
                             unit.get<8>(), unit.get<9>(), unit.get<10>()});
    return rows;
  });
}

Result<std::vector<TenantRow>> BusLink::list_tenants() {
  return guarded([&] {
    std::vector<TenantRow> rows;
    for (const auto& tenant : proxy_->ListTenants())
      rows.push_back(TenantRow{tenant.get<0>(), tenant.get<1>(), tenant.get<2>(), tenant.get<3>(),
                               tenant.get<4>(), tenant.get<5>(), tenant.get<6>(), tenant.get<7>(),
                               tenant.get<8>(), tenant.get<9>(), tenant.get<10>(),
                               tenant.get<11>()});
    return rows;
  });
}

Result<UnitDetails> BusLink::status(const std::string& unit) {
  return guarded([&] { return details_of(proxy_->GetStatus(unit)); });
}

Result<SystemInfo> BusLink::system() {
  return guarded([&] { return system_of(proxy_->GetSystem()); });
}

Result<UnitGraph> BusLink::graph() {
  return guarded([&] {
    const auto [units, now, begun, booted] = proxy_->ListGraph();
    UnitGraph graph;
    graph.now_us = now;
    graph.begun_us = begun;
    graph.booted_us = booted;
    for (const auto& unit : units) {
      GraphNode node{unit.get<0>(), unit.get<1>(), unit.get<2>(), unit.get<3>(), unit.get<4>(), {},
                     unit.get<6>(), unit.get<7>(), unit.get<8>()};
      for (const auto& bond : unit.get<5>())
        node.bonds.push_back(BondTo{bond.get<0>(), bond.get<1>()});
      graph.nodes.push_back(std::move(node));
    }
    return graph;
  });
}

Result<LogExcerpt> BusLink::log(const std::string& unit, std::uint32_t lines) {
  return guarded([&] {
    const auto [records, dropped] = proxy_->LogTail(unit, lines);
    return excerpt_of(records, dropped);
  });
}

Result<std::pair<LogExcerpt, os::UniqueFd>> BusLink::follow_log(const std::string& unit,
                                                                std::uint32_t lines) {
  return guarded([&] {
    auto [records, dropped, fd] = proxy_->LogFollow(unit, lines);
    std::pair followed(excerpt_of(records, dropped), os::UniqueFd(fd.release()));
    close();
    return followed;
  });
}

Result<FollowedStates> BusLink::follow_states() {
  if (proxy_ == nullptr)
    BERTH_TRY(open());
  return guarded([&] {
    auto [states, now, fd] = proxy_->FollowStates();
    FollowedStates followed;
    for (const auto& state : states)
      followed.states.emplace(state.get<0>(), state.get<1>());
    followed.now_us = now;
    followed.pipe = os::UniqueFd(fd.release());
    close();
    return followed;
  });
}

Result<MemoryReport> BusLink::measure_memory() {
  return guarded([&] {
    MemoryReport report;
    const auto [rows, complete] = proxy_->MeasureMemory();
    report.complete = complete;
    for (const auto& row : rows) {
      const MemoryFigures figures{figure_of(row.get<3>()), figure_of(row.get<4>()),
                                  figure_of(row.get<5>()), figure_of(row.get<6>())};
      report.rows.push_back(MemoryRow{row.get<0>(), row.get<1>(), row.get<2>(), figures,
                                      figure_of(row.get<7>()), row.get<8>()});
    }
    return report;
  });
}

Result<std::string> BusLink::begin_job(JobVerb verb, const std::string& unit) {
  return guarded([&]() -> std::string {
    switch (verb) {
      case JobVerb::start:
        return proxy_->StartUnit(unit);
      case JobVerb::stop:
        return proxy_->StopUnit(unit);
      case JobVerb::restart:
        return proxy_->RestartUnit(unit);
      case JobVerb::reload:
        return proxy_->ReloadUnit(unit);
      case JobVerb::reset_failed:
        return proxy_->ResetFailedUnit(unit);
    }
    return {};
  });
}

Result<JobOutcome> BusLink::wait_job(const std::string& job) {
  return guarded([&] { return proxy_->wait(job); });
}

Result<ReloadOutcome> BusLink::reload(ReloadMode mode) {
  return guarded([&] {
    const auto [ok, messages] =
        mode == ReloadMode::now ? proxy_->ReloadNow() : proxy_->Reload(mode == ReloadMode::dry_run);
    return ReloadOutcome{ok, messages};
  });
}

Result<void> BusLink::shutdown(bool reboot) {
  return guarded([&] { reboot ? proxy_->Reboot() : proxy_->Shutdown(); });
}

}  // namespace berth::ctl
