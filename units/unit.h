// Unit: what a unit file says, checked and expanded. A value: copied, compared, never changed once
// loaded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "units/boxed.h"
#include "units/capabilities.h"
#include "units/cron_schedule.h"
#include "units/job_trigger.h"
#include "units/proxy_spec.h"
#include "units/unit_name.h"
#include "units/values.h"

namespace berth {

enum class UnitKind : std::uint8_t { service, job, tenant, proxy };

struct SourcePlace {
  std::string file;
  std::uint32_t line = 0;    ///< from 1
  std::uint32_t column = 0;  ///< from 1
  bool operator==(const SourcePlace&) const = default;
};

enum class StartWhen : std::uint8_t { boot, demand, manual };

/// What a reload does to a unit when a key that its process is made of has changed.
enum class OnChange : std::uint8_t { restart, when_idle, keep };

/// [unit.condition]: all of it must hold, else the unit is skipped.
struct StartCondition {
  /// Variables of berth's own environment; nullopt = set and not empty is enough.
  std::map<std::string, std::optional<std::string>> env;
  std::vector<std::string> path_exists, path_missing;
  bool operator==(const StartCondition&) const = default;
};

/// [unit]
struct UnitInfo {
  std::string description;
  std::vector<std::string> documentation;
  std::vector<std::string> requires_units;  ///< the key is `requires`, a C++ keyword
  std::vector<std::string> wants;
  std::vector<std::string> after;
  std::vector<std::string> before;
  std::vector<std::string> conflicts;
  std::vector<std::string> part_of;
  std::vector<std::string> on_failure;
  StartWhen start = StartWhen::boot;
  OnChange on_change = OnChange::restart;
  bool essential = false;
  bool main = false;
  StartCondition condition;
  bool operator==(const UnitInfo&) const = default;
};

/// How berth finds out how a unit is: exactly one way.
struct ProbeSpec {
  enum class Way : std::uint8_t {
    exec,  ///< execve has succeeded
    http,
    tcp,
    unix_socket,
    file,
    notify,  ///< READY=1 (sd_notify(3))
    log,     ///< a line of its output
    command
  };
  Way way = Way::exec;
  Address address;           ///< http (unless `at_endpoint`), tcp, unix_socket
  std::string path;          ///< http: the request target; file: the file; log: the glob
  Command command;           ///< command: its program; timeout and user are not set
  bool at_endpoint = false;  ///< http, tcp, unix_socket: asked at the unit's address or endpoint,
                             ///< `address` is not set
  std::uint16_t status_low = 200,
                status_high = 399;  ///< http: accepted statuses, inclusive ("any" = 100-599)
  bool operator==(const ProbeSpec&) const = default;
};

/// `ready = { … }`
struct ReadyCheck : ProbeSpec {
  Milliseconds timeout{30'000};
  Milliseconds interval{0};  ///< 0 = from 2 ms, growing with the time gone by, to 500 ms
  bool operator==(const ReadyCheck&) const = default;
};

/// `health = { … }`: one of http, tcp, unix_socket and command.
struct HealthCheck : ProbeSpec {
  Milliseconds interval{10'000};
  Milliseconds timeout{5'000};  ///< of one look
  std::uint32_t failures = 3;   ///< in a row
  bool operator==(const HealthCheck&) const = default;
};

/// How long a command of before_start, after_start or after_stop may take that does not say it.
inline constexpr Milliseconds kAroundTimeout{30'000};

enum class Restart : std::uint8_t { never, on_failure, always };
/// Which processes of a unit get its stop signal.
enum class KillScope : std::uint8_t { unit, group, main };

/// One socket of `listen`: opened by PID 1 and passed to the process.
struct ListenSocket {
  Address address;
  std::string name;         ///< in LISTEN_FDNAMES; empty = the unit's
  std::string user, group;  ///< of a Unix socket's file; empty = the unit's
  static constexpr std::uint32_t kMode = 0660;
  std::uint32_t mode = kMode;
  bool operator==(const ListenSocket&) const = default;
};

/// [service]; a tenant and a proxy have these too.
struct ServiceSpec {
  Command command;
  std::optional<Address> address;
  ReadyCheck ready;
  Boxed<HealthCheck> health;
  Milliseconds watchdog{0};  ///< 0 = none
  Restart restart = Restart::on_failure;
  Milliseconds restart_delay{100};
  Milliseconds restart_delay_max{30'000};
  std::uint32_t restart_limit = 5;  ///< starts in restart_window; 0 = none
  Milliseconds restart_window{60'000};
  std::vector<Command> before_start;
  std::vector<Command> after_start;
  std::vector<Command> after_stop;
  int stop_signal = 15;
  Milliseconds stop_timeout{10'000};
  KillScope kill = KillScope::unit;
  int reload_signal = 0;  ///< 0 = none
  std::optional<Command> reload_command;
  std::vector<int> success_codes;  ///< besides 0
  std::vector<int> success_signals;
  std::vector<ListenSocket> listen;  ///< of a service alone
  Milliseconds idle_timeout{0};      ///< of a service that connections start; 0 = never
  /// Whether its processes are told where to speak sd_notify.
  bool uses_notify() const { return ready.way == ProbeSpec::Way::notify || watchdog.count() > 0; }
  bool operator==(const ServiceSpec&) const = default;
};

/// [job]; `command` is steps with one entry.
struct JobSpec {
  std::vector<Command> steps;
  Milliseconds timeout{300'000};  ///< of each try
  std::uint32_t retries = 0;
  Milliseconds retry_delay{1'000};
  bool reload = false;
  std::string instances;  ///< a file of instances that the job writes as its user; empty = none
  std::optional<TriggerSet> on;  ///< nullopt = boot, or nothing where it has a clock
  Milliseconds every{0};         ///< 0 = not
  std::optional<CronSchedule> schedule;

  bool has_clock() const { return every.count() > 0 || schedule; }
  TriggerSet triggers() const {
    return on.value_or(has_clock() ? TriggerSet{0} : trigger_bit(JobTrigger::boot));
  }
  bool runs_on(JobTrigger why) const { return (triggers() & trigger_bit(why)) != 0; }
  bool operator==(const JobSpec&) const = default;
};

enum class Endpoint : std::uint8_t { port, socket, activated };

/// What [tenant] adds to [service].
struct TenantSpec {
  std::string path;  ///< the URL prefix, ends in '/'; empty if chosen by host alone
  std::vector<std::string> hosts;
  Endpoint endpoint = Endpoint::port;
  std::uint16_t port_first = 4000, port_last = 4999;
  Milliseconds idle_timeout{300'000};  ///< 0 = never
  bool count_websockets = true;
  Milliseconds hold{5'000};
  std::uint32_t queue = 128;
  std::uint32_t max_requests = 0;  ///< in flight at once; 0 = no limit
  std::uint32_t max_running = 0;   ///< of the template; 0 = no limit
  std::uint32_t max_starting = 0;  ///< of the template; 0 = the number of CPUs, at least 2
  bool auth = true;
  std::vector<std::string> public_paths;
  std::optional<BotAction> bots;  ///< nullopt = as the proxy's
  std::string region;             ///< where it lives; empty = here
  std::string proxy;              ///< which proxy serves it; empty = the only one
  bool operator==(const TenantSpec&) const = default;
};

/// `inherit_env`: what of berth's own environment a child gets.
struct InheritEnv {
  bool all = true;
  std::vector<std::string> names;  ///< names and globs, if not all
  bool operator==(const InheritEnv&) const = default;
};

struct DirectorySpec {
  std::string path;
  std::string user, group;  ///< empty = the unit's
  std::uint32_t mode = 0755;
  bool recursive = false;  ///< what is in it gets its owner too
  bool operator==(const DirectorySpec&) const = default;
};

/// An entry of `credentials`: a file copied for the unit.
struct CredentialSpec {
  std::string name;  ///< of the copy
  std::string path;
  bool operator==(const CredentialSpec&) const = default;
};

/// An entry of `env_file`.
struct EnvFileSpec {
  std::string path;
  bool may_be_missing = false;
  bool operator==(const EnvFileSpec&) const = default;
};

enum class StandardInput : std::uint8_t { null, tty };

struct ResourceLimit {
  static constexpr std::uint64_t kInfinity = ~std::uint64_t{0};
  std::uint64_t soft = kInfinity, hard = kInfinity;
  bool operator==(const ResourceLimit&) const = default;
};

/// `user = "auto"`: a uid of its own for each unit.
inline constexpr const char* kAutoUser = "auto";

/// [process]
struct ProcessSpec {
  std::string user, group;                              ///< user: a name, a number, or kAutoUser
  std::uint32_t uid_first = 61'000, uid_last = 64'999;  ///< `uid_range`
  std::vector<std::string> groups;
  std::string working_directory = "/";
  std::map<std::string, std::optional<std::string>> env;  ///< nullopt = unset it (`NAME = false`)
  InheritEnv inherit_env;
  std::vector<EnvFileSpec> env_files;
  std::vector<std::string> required_env;
  std::string secrets;  ///< a folder whose files become variables; empty = none
  std::vector<CredentialSpec> credentials;
  std::optional<std::uint32_t> umask;
  std::optional<int> oom_score_adj;
  std::map<std::string, ResourceLimit>
      limits;  ///< by the name of setrlimit(2) in lower case: "nofile"
  std::optional<int> nice;
  bool no_new_privileges = true;
  std::optional<CapabilitySet> capabilities;    ///< what is kept; nullopt = by user
  std::optional<StandardInput> standard_input;  ///< `stdin`; nullopt = tty if there is one
  std::string tty;                              ///< the terminal that it controls; empty = none
  std::vector<DirectorySpec> directories;
  std::optional<std::uint32_t> cpu_weight;  ///< share of the CPU against other units: 1-10000
  std::optional<std::uint32_t> pids_max;    ///< processes and threads at once
  bool operator==(const ProcessSpec&) const = default;
};

/// `on_high`: what follows when a unit has more memory than `high`.
enum class OnHigh : std::uint8_t { log, restart_when_idle, restart };
enum class Allocator : std::uint8_t { system, jemalloc, mimalloc };
enum class HugePages : std::uint8_t { system, never };

/// [memory]
struct MemorySpec {
  std::optional<Bytes> limit;  ///< what the unit's processes may have together
  std::optional<Bytes> high;   ///< from where on they have too much
  OnHigh on_high = OnHigh::log;
  std::optional<Allocator> allocator;  ///< nullopt = whatever the environment says
  std::string allocator_conf;          ///< in the allocator's own language
  std::optional<std::uint32_t> arenas;
  HugePages huge_pages = HugePages::system;
  bool merge = false;  ///< kernel same-page merging
  bool operator==(const MemorySpec&) const = default;
};

enum class LogFormat : std::uint8_t { prefix, json, raw, none };

/// What happens to lines that their reader does not take in time.
enum class OnStall : std::uint8_t {
  drop,
  block,  ///< they stay in the unit's pipe, and the unit waits
};

/// [log]
struct LogSpec {
  LogFormat format = LogFormat::prefix;
  Bytes buffer{16'384};
  OnStall on_stall = OnStall::drop;
  std::string file;                            ///< absolute; empty = none
  Bytes rotate_size{std::uint64_t{10} << 20};  ///< 0 = never
  std::uint32_t rotate_keep = 5;
  bool operator==(const LogSpec&) const = default;
};

struct Unit {
  UnitName name;
  UnitKind kind = UnitKind::service;
  SourcePlace place;  ///< of the kind table, or of the instance's declaration
  UnitInfo info;
  ServiceSpec service;  ///< service, tenant, proxy; a job uses its stop and success keys
  std::optional<JobSpec> job;
  std::optional<TenantSpec> tenant;
  Boxed<ProxySpec> proxy;
  ProcessSpec process;
  MemorySpec memory;
  LogSpec log;
  bool mentions_run_dir = false;  ///< some value has ${run_dir}: the folder is made for it

  bool operator==(const Unit&) const = default;
};

/// [signals] of berth.toml: what one signal to berth does.
struct SignalRule {
  enum class Action : std::uint8_t { forward, reload, shutdown, restart, ignore };
  Action action = Action::ignore;
  std::string unit;  ///< whom `forward` goes to; empty = the unit that is `main`
  bool operator==(const SignalRule&) const = default;
};

/// berth.toml, apart from the defaults for units, which are merged into every unit.
struct BerthConfig {
  std::string log_level = "info";             ///< error, warning, info, debug
  LogFormat log_format = LogFormat::prefix;   ///< of berth's own lines
  std::string log_socket;                     ///< absolute path; empty = none
  Bytes log_buffers{std::uint64_t{1} << 20};  ///< what the kept lines of all units may take
  Milliseconds shutdown_timeout{9'000};
  Milliseconds shutdown_after_stop{0};
  std::string state_folder;           ///< `[shutdown] state`; empty = none
  std::map<int, SignalRule> signals;  ///< [signals], by number: what differs from the defaults
  std::uint32_t max_running = 0;      ///< tenants of all templates; 0 = no limit
  std::uint32_t max_starting = 0;     ///< 0 = the number of CPUs, at least 2
  bool operator==(const BerthConfig&) const = default;
};

}  // namespace berth
