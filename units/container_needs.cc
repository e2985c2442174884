// Adding up what the container has to grant.
#include "units/container_needs.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace berth {
namespace {

/// What PID 1 opens for itself.
constexpr std::uint64_t kStandard = 3;
constexpr std::uint64_t kLoop = 3;    ///< epoll, signalfd, the alarm of jobs
constexpr std::uint64_t kRunDir = 1;  ///< the lock
/// A description of standard output of its own, the log's socket, that of the writer of its files.
constexpr std::uint64_t kOutput = 3;
constexpr std::uint64_t kAdmin = 3;     ///< its socket; pidfd and control socket of berth-admin
constexpr std::uint64_t kUnread = 256;  ///< answers that berth-admin has not read (admin_link.cc)
constexpr std::uint64_t kFollowers = 128;  ///< 64 of `logs -f`, 64 of `events` (followers.h)
/// Gone before the turn of the loop is over: the child's ends of three pipes, files of /proc and
/// /etc, a unit file and its folder, a route table, two that came with a message.
constexpr std::uint64_t kPassing = 12;
constexpr std::uint64_t kOwn =
    kStandard + kLoop + kRunDir + kOutput + kAdmin + kUnread + kFollowers + kPassing;

/// Of a process: output, errors, pidfd, and the pipe that reports its exec.
constexpr std::uint64_t kProcess = 4;
/// The pipes of the process before it, whose end is read a turn later.
constexpr std::uint64_t kLastPipes = 2;
constexpr std::uint64_t kVariables = 1;  ///< of env_file and secrets, until the end of the life
constexpr std::uint64_t kControl = 1;    ///< of a proxy
constexpr std::uint64_t kListener = 1;  ///< of an activated endpoint, until the main process has it

/// Whether a command runs while the main process does; the check of who listens on a port is one.
bool has_company(const Unit& unit) {
  const bool has_port = unit.tenant && unit.tenant->endpoint == Endpoint::port;
  return has_port || !unit.service.after_start.empty() || unit.service.reload_command.has_value();
}

std::uint64_t descriptors_of(const Unit& unit) {
  // A probe has a socket only after the report is closed, a look-up of names only before both.
  std::uint64_t count = kProcess + kLastPipes;
  if (unit.tenant && unit.tenant->endpoint == Endpoint::activated)
    count += kListener;
  if (has_company(unit))
    count += kProcess;
  if (!unit.process.env_files.empty() || !unit.process.secrets.empty())
    count += kVariables;
  if (unit.job)
    count += kProcess * static_cast<std::uint64_t>(
                            std::count_if(unit.job->steps.begin(), unit.job->steps.end(),
                                          [](const Command& step) { return step.background; }));
  if (unit.proxy)
    count += kControl + unit.proxy->listen.size() + unit.proxy->metrics_listen.size();
  return count;
}

/// What Docker and podman both grant to a container (docker run, "Runtime privilege and Linux
/// capabilities"; containers.conf(5), default_capabilities).
constexpr auto kGranted = std::to_array<std::string_view>(
    {"chown", "dac_override", "fowner", "fsetid", "kill", "net_bind_service", "setfcap", "setgid",
     "setpcap", "setuid", "sys_chroot"});

/// Between the last unit's end and berth's own: what is left is written to the log (supervisor.cc).
constexpr Milliseconds kLastWords{200};

}  // namespace

std::uint64_t descriptors_needed(const Catalog& catalog) {
  std::uint64_t count = kOwn;
  for (const auto& [name, unit] : catalog.units)
    count += descriptors_of(unit);
  return count;
}

CapabilitiesNeeded capabilities_needed(const Catalog& catalog) {
  CapabilitiesNeeded needed;
  for (const auto& [name, unit] : catalog.units)
    // A proxy keeps none, whatever berth.toml gives to all units (launcher.cc).
    if (!unit.proxy)
      needed.kept |= unit.process.capabilities.value_or(0);
  needed.extra = needed.kept;
  for (const std::string_view granted : kGranted)
    needed.extra &= ~(CapabilitySet{1} << capability_number(granted).value_or(0));
  return needed;
}

Milliseconds shutdown_limit(const BerthConfig& config) {
  return config.shutdown_timeout + config.shutdown_after_stop;
}

std::chrono::seconds stop_grace(const BerthConfig& config) {
  return std::chrono::ceil<std::chrono::seconds>(shutdown_limit(config) + kLastWords);
}

}  // namespace berth
