// Comparing two definitions, member by member.
#include "units/unit_changes.h"

#include <span>

namespace berth {
namespace {

/// What a key that has changed is to a process that runs.
enum class Part : std::uint8_t {
  of_process,  ///< what it was started as
  of_limits,   ///< what it is held to from outside, by its cgroup or by berth
  beside_it,   ///< what berth does with it, or what counts at its next start or its end
};

struct Aspect {
  std::string_view key;
  Part part;
  bool (*same)(const Unit& a, const Unit& b);
};

template <auto Member>
constexpr bool same_info(const Unit& a, const Unit& b) {
  return a.info.*Member == b.info.*Member;
}
template <auto Member>
constexpr bool same_service(const Unit& a, const Unit& b) {
  return a.service.*Member == b.service.*Member;
}
template <auto Member>
constexpr bool same_job(const Unit& a, const Unit& b) {
  return !a.job || !b.job || *a.job.*Member == *b.job.*Member;
}
template <auto Member>
constexpr bool same_tenant(const Unit& a, const Unit& b) {
  return !a.tenant || !b.tenant || *a.tenant.*Member == *b.tenant.*Member;
}
template <auto Member>
constexpr bool same_process(const Unit& a, const Unit& b) {
  return a.process.*Member == b.process.*Member;
}
template <auto Member>
constexpr bool same_memory(const Unit& a, const Unit& b) {
  return a.memory.*Member == b.memory.*Member;
}
template <auto Member>
constexpr bool same_log(const Unit& a, const Unit& b) {
  return a.log.*Member == b.log.*Member;
}

bool same_success(const Unit& a, const Unit& b) {
  return a.service.success_codes == b.service.success_codes &&
         a.service.success_signals == b.service.success_signals;
}
bool same_ports(const Unit& a, const Unit& b) {
  return same_tenant<&TenantSpec::port_first>(a, b) && same_tenant<&TenantSpec::port_last>(a, b);
}
bool same_uid_range(const Unit& a, const Unit& b) {
  return a.process.uid_first == b.process.uid_first && a.process.uid_last == b.process.uid_last;
}
bool same_proxy_listen(const Unit& a, const Unit& b) {
  return !a.proxy || !b.proxy ||
         (a.proxy->listen == b.proxy->listen && a.proxy->metrics_listen == b.proxy->metrics_listen);
}
/// A proxy may write nowhere else.
bool same_log_place(const Unit& a, const Unit& b) {
  return !a.proxy || !b.proxy || a.proxy->log_to == b.proxy->log_to;
}
/// And read nowhere else.
bool same_places(const Unit& a, const Unit& b) {
  if (!a.proxy || !b.proxy)
    return true;
  ProxySpec other = *b.proxy;
  take_places(other, *a.proxy);
  return other == *b.proxy;
}
/// All that travels to a proxy with its route table.
bool same_proxy_table(const Unit& a, const Unit& b) {
  if (!a.proxy || !b.proxy)
    return true;
  ProxySpec other = *b.proxy;
  other.listen = a.proxy->listen;
  other.metrics_listen = a.proxy->metrics_listen;
  other.log_to = a.proxy->log_to;
  take_places(other, *a.proxy);
  return *a.proxy == other;
}

constexpr Part kOf = Part::of_process, kLimit = Part::of_limits, kBeside = Part::beside_it;

constexpr auto kAspects = std::to_array<Aspect>({
    {"unit.description", kBeside, same_info<&UnitInfo::description>},
    {"unit.documentation", kBeside, same_info<&UnitInfo::documentation>},
    {"unit.requires", kBeside, same_info<&UnitInfo::requires_units>},
    {"unit.wants", kBeside, same_info<&UnitInfo::wants>},
    {"unit.after", kBeside, same_info<&UnitInfo::after>},
    {"unit.before", kBeside, same_info<&UnitInfo::before>},
    {"unit.conflicts", kBeside, same_info<&UnitInfo::conflicts>},
    {"unit.part_of", kBeside, same_info<&UnitInfo::part_of>},
    {"unit.on_failure", kBeside, same_info<&UnitInfo::on_failure>},
    {"unit.start", kBeside, same_info<&UnitInfo::start>},
    {"unit.on_change", kBeside, same_info<&UnitInfo::on_change>},
    {"unit.essential", kBeside, same_info<&UnitInfo::essential>},
    {"unit.main", kBeside, same_info<&UnitInfo::main>},
    {"unit.condition", kBeside, same_info<&UnitInfo::condition>},

    {"command", kOf, same_service<&ServiceSpec::command>},
    {"address", kOf, same_service<&ServiceSpec::address>},
    {"listen", kOf, same_service<&ServiceSpec::listen>},
    {"ready", kBeside, same_service<&ServiceSpec::ready>},
    {"health", kBeside, same_service<&ServiceSpec::health>},
    {"watchdog", kOf, same_service<&ServiceSpec::watchdog>},
    {"restart", kBeside, same_service<&ServiceSpec::restart>},
    {"restart_delay", kBeside, same_service<&ServiceSpec::restart_delay>},
    {"restart_delay_max", kBeside, same_service<&ServiceSpec::restart_delay_max>},
    {"restart_limit", kBeside, same_service<&ServiceSpec::restart_limit>},
    {"restart_window", kBeside, same_service<&ServiceSpec::restart_window>},
    {"before_start", kBeside, same_service<&ServiceSpec::before_start>},
    {"after_start", kBeside, same_service<&ServiceSpec::after_start>},
    {"after_stop", kBeside, same_service<&ServiceSpec::after_stop>},
    {"stop_signal", kBeside, same_service<&ServiceSpec::stop_signal>},
    {"stop_timeout", kBeside, same_service<&ServiceSpec::stop_timeout>},
    {"kill", kBeside, same_service<&ServiceSpec::kill>},
    {"reload_signal", kBeside, same_service<&ServiceSpec::reload_signal>},
    {"reload_command", kBeside, same_service<&ServiceSpec::reload_command>},
    {"success_exit", kBeside, same_success},
    {"idle_timeout", kBeside, same_service<&ServiceSpec::idle_timeout>},

    {"steps", kOf, same_job<&JobSpec::steps>},
    {"timeout", kBeside, same_job<&JobSpec::timeout>},
    {"reload", kBeside, same_job<&JobSpec::reload>},
    {"instances", kBeside, same_job<&JobSpec::instances>},
    {"retries", kBeside, same_job<&JobSpec::retries>},
    {"retry_delay", kBeside, same_job<&JobSpec::retry_delay>},
    {"interface", kBeside, same_job<&JobSpec::interface>},
    {"on", kBeside, same_job<&JobSpec::on>},
    {"every", kBeside, same_job<&JobSpec::every>},
    {"schedule", kBeside, same_job<&JobSpec::schedule>},

    {"path", kBeside, same_tenant<&TenantSpec::path>},
    {"hosts", kBeside, same_tenant<&TenantSpec::hosts>},
    {"endpoint", kOf, same_tenant<&TenantSpec::endpoint>},
    {"ports", kOf, same_ports},
    {"idle_timeout", kBeside, same_tenant<&TenantSpec::idle_timeout>},
    {"count_websockets", kBeside, same_tenant<&TenantSpec::count_websockets>},
    {"hold", kBeside, same_tenant<&TenantSpec::hold>},
    {"queue", kBeside, same_tenant<&TenantSpec::queue>},
    {"max_requests", kBeside, same_tenant<&TenantSpec::max_requests>},
    {"max_running", kBeside, same_tenant<&TenantSpec::max_running>},
    {"max_starting", kBeside, same_tenant<&TenantSpec::max_starting>},
    {"auth", kBeside, same_tenant<&TenantSpec::auth>},
    {"public", kBeside, same_tenant<&TenantSpec::public_paths>},
    {"bots", kBeside, same_tenant<&TenantSpec::bots>},
    {"region", kBeside, same_tenant<&TenantSpec::region>},
    {"proxy", kOf, same_tenant<&TenantSpec::proxy>},

    {"listen", kOf, same_proxy_listen},
    {"log.to", kOf, same_log_place},
    {"where its files are", kOf, same_places},
    {"the route table", kBeside, same_proxy_table},

    {"process.user", kOf, same_process<&ProcessSpec::user>},
    {"process.group", kOf, same_process<&ProcessSpec::group>},
    {"process.groups", kOf, same_process<&ProcessSpec::groups>},
    {"process.working_directory", kOf, same_process<&ProcessSpec::working_directory>},
    {"process.env", kOf, same_process<&ProcessSpec::env>},
    {"process.inherit_env", kOf, same_process<&ProcessSpec::inherit_env>},
    {"process.env_file", kOf, same_process<&ProcessSpec::env_files>},
    {"process.required_env", kOf, same_process<&ProcessSpec::required_env>},
    {"process.secrets", kOf, same_process<&ProcessSpec::secrets>},
    {"process.credentials", kOf, same_process<&ProcessSpec::credentials>},
    {"process.umask", kOf, same_process<&ProcessSpec::umask>},
    {"process.oom_score_adj", kOf, same_process<&ProcessSpec::oom_score_adj>},
    {"process.limits", kOf, same_process<&ProcessSpec::limits>},
    {"process.nice", kOf, same_process<&ProcessSpec::nice>},
    {"process.no_new_privileges", kOf, same_process<&ProcessSpec::no_new_privileges>},
    {"process.capabilities", kOf, same_process<&ProcessSpec::capabilities>},
    {"process.stdin", kOf, same_process<&ProcessSpec::standard_input>},
    {"process.tty", kOf, same_process<&ProcessSpec::tty>},
    {"process.uid_range", kOf, same_uid_range},
    {"process.directories", kOf, same_process<&ProcessSpec::directories>},
    {"process.cpu_weight", kLimit, same_process<&ProcessSpec::cpu_weight>},
    {"process.pids_max", kLimit, same_process<&ProcessSpec::pids_max>},

    {"memory.limit", kLimit, same_memory<&MemorySpec::limit>},
    {"memory.high", kLimit, same_memory<&MemorySpec::high>},
    {"memory.on_high", kBeside, same_memory<&MemorySpec::on_high>},
    {"memory.allocator", kOf, same_memory<&MemorySpec::allocator>},
    {"memory.allocator_conf", kOf, same_memory<&MemorySpec::allocator_conf>},
    {"memory.arenas", kOf, same_memory<&MemorySpec::arenas>},
    {"memory.huge_pages", kOf, same_memory<&MemorySpec::huge_pages>},
    {"memory.merge", kOf, same_memory<&MemorySpec::merge>},

    {"log.format", kBeside, same_log<&LogSpec::format>},
    {"log.buffer", kBeside, same_log<&LogSpec::buffer>},
    {"log.on_stall", kBeside, same_log<&LogSpec::on_stall>},
    {"log.file", kBeside, same_log<&LogSpec::file>},
    {"log.rotate_size", kBeside, same_log<&LogSpec::rotate_size>},
    {"log.rotate_keep", kBeside, same_log<&LogSpec::rotate_keep>},
});

}  // namespace

UnitChanges changes_between(const Unit& before, const Unit& after) {
  UnitChanges changes;
  if (before.kind != after.kind)
    return {{"the kind of unit"}, true, false};  // of which all the rest follows
  for (const Aspect& aspect : kAspects) {
    if (aspect.same(before, after))
      continue;
    changes.keys.emplace_back(aspect.key);
    changes.of_process = changes.of_process || aspect.part == kOf;
    changes.of_limits = changes.of_limits || aspect.part == kLimit;
  }
  // A key that the table above lacks is taken for one that matters.
  if (changes.keys.empty()) {
    Unit moved = after;
    moved.place = before.place;
    changes.of_process = moved != before;
    if (changes.of_process)
      changes.keys.emplace_back("another key");
  }
  return changes;
}

Adoption adoption(const UnitChanges& changes, const Unit& after, bool takes_limits) {
  if (!changes.of_process && (!changes.of_limits || takes_limits))
    return Adoption::in_place;
  switch (after.info.on_change) {
    case OnChange::restart:
      return Adoption::restart;
    case OnChange::when_idle:
      // A tenant has its idle stop, and a job its end.
      return after.kind == UnitKind::tenant || after.kind == UnitKind::job ? Adoption::next_life
                                                                           : Adoption::when_idle;
    case OnChange::keep:
      break;
  }
  return Adoption::next_life;
}

}  // namespace berth
