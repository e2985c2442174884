// From executed to ready.
#include "init/readiness.h"

#include "units/expansion.h"

namespace berth {
namespace {

constexpr Milliseconds kPortCheckLimit{30'000};
constexpr std::chrono::milliseconds kOwnerCheckPause{100};

}  // namespace

void Readiness::executed(UnitRuntime& unit) {
  if (unit.unit.service.ready.way == ReadyCheck::Way::exec)
    p_.table.post(unit, UnitEvent::ready);
  else
    probe(unit);
}

void Readiness::became_ready(UnitRuntime& unit) {
  unit.life.probe.reset();
}

void Readiness::end(UnitRuntime& unit) {
  unit.life.probe.reset();
}

std::string Readiness::last_answer(const UnitRuntime& unit) {
  const std::string last = unit.life.probe ? unit.life.probe->last_answer() : "";
  return last.empty() ? "" : ": " + last;
}

void Readiness::probe(UnitRuntime& unit) {
  ReadyCheck check = unit.unit.service.ready;
  check.path = expand_at_start(check.path, p_.endpoints.variables(unit));
  unit.life.probe =
      std::make_unique<ReadinessProbe>(p_.loop, check, unit.life.endpoint, [this, &unit] {
        if (unit.life.port != 0)
          return check_port_owner(unit);
        const Identity proxy = p_.launcher.proxy_identity(unit.unit);
        p_.endpoints.opened(unit, proxy.uid, proxy.gid);
        p_.table.post(unit, UnitEvent::ready);
      });
}

void Readiness::check_port_owner(UnitRuntime& unit) {
  Command command;
  command.argv = p_.launcher.helper_argv({"owns-port", std::to_string(unit.life.port)});
  const auto members = p_.cleaner.members_of({&unit});
  for (const pid_t pid : members.front())
    command.argv.push_back(std::to_string(pid));
  const auto helper = [this, &unit](const Command& each) {
    return p_.launcher.spawn_helper(unit, each, unit.unit.process.user);
  };
  unit.life.aux = std::make_unique<AuxCommands>(
      p_.loop, p_.reaper, helper, "port check", std::vector{std::move(command)}, kPortCheckLimit,
      [this, &unit](std::optional<std::string> failure) {
        const auto finished = std::move(unit.life.aux);  // dies after the callback that it is in
        on_port_checked(unit, !failure);
      });
  unit.life.aux->start();
}

void Readiness::on_port_checked(UnitRuntime& unit, bool is_owner) {
  if (is_owner)
    return p_.table.post(unit, UnitEvent::ready);
  unit.reason =
      "port " + std::to_string(unit.life.port) + " is answered by a process of somebody else";
  // Looked at again until the unit's own time to become ready is over.
  p_.loop.after(kOwnerCheckPause, [this, name = unit.name(), epoch = unit.life.epoch] {
    UnitRuntime* again = p_.table.find(name);
    if (again != nullptr && again->life.epoch == epoch && again->state == UnitState::starting)
      probe(*again);
  });
}

}  // namespace berth
