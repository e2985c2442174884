// From a datagram to the unit it is about.
#include "init/notifications.h"

#include <algorithm>

#include "init/log.h"

namespace berth {
namespace {

constexpr std::chrono::minutes kRefusalsEvery{1};

/// Whether a process of the unit may be alive now.
bool has_processes(const UnitRuntime& unit) {
  return is_alive(unit.state) || unit.state == UnitState::preparing ||
         unit.state == UnitState::cleaning;
}

}  // namespace

bool Notifications::belongs_to(const UnitRuntime& unit,
                               const std::vector<ProcessMarks>& marks) const {
  const UnitLife& life = unit.life;
  for (const ProcessMarks& mark : marks) {
    if (mark.unit_gid)
      return p_.settings.unit_gids && p_.settings.unit_gids->of(unit.index) == mark.unit_gid;
    if (mark.pid == life.main_pid ||
        std::find(life.sessions.begin(), life.sessions.end(), mark.session) != life.sessions.end())
      return true;
  }
  return false;
}

UnitRuntime* Notifications::unit_of(pid_t sender) const {
  const auto& users = p_.readiness.listening();
  const auto is_main = [sender](const UnitRuntime* unit) { return unit->life.main_pid == sender; };
  const auto main = std::find_if(users.begin(), users.end(), is_main);
  if (main != users.end())
    return *main;
  const std::vector<ProcessMarks> marks = marks_of_process(sender);
  const auto user = std::find_if(users.begin(), users.end(),
                                 [&](const UnitRuntime* unit) { return belongs_to(*unit, marks); });
  return user != users.end() ? *user : nullptr;
}

void Notifications::on_datagram(const os::Datagram& datagram) {
  if (datagram.too_long)
    return refuse(datagram, "it is longer than " + std::to_string(kMaxNotifyMessage) + " bytes");
  UnitRuntime* unit = datagram.sender.pid > 0 ? unit_of(datagram.sender.pid) : nullptr;
  if (unit == nullptr || !has_processes(*unit))
    return refuse(datagram, "that process belongs to no unit that uses sd_notify");
  apply(*unit, parse_notify_message(datagram.bytes));
}

void Notifications::refuse(const os::Datagram& datagram, const std::string& why) {
  ++refused_unsaid_;
  if (p_.loop.now() < silent_until_)
    return;
  std::string line = "a notification of pid " + std::to_string(datagram.sender.pid) + ", uid " +
                     std::to_string(datagram.sender.uid) + ", was refused: " + why;
  if (refused_unsaid_ > 1)
    line += " (" + std::to_string(refused_unsaid_ - 1) + " others were refused since the last one)";
  log_warning(line);
  refused_unsaid_ = 0;
  silent_until_ = p_.loop.now() + kRefusalsEvery;
}

void Notifications::apply(UnitRuntime& unit, const NotifyMessage& message) {
  Told& told = unit.life.told;
  if (!message.not_understood.empty() && !told.nonsense_said) {
    told.nonsense_said = true;
    p_.logs.unit_line(unit.name(), LogLevel::warning,
                      "a notification is not understood: " + message.not_understood);
  }
  if (message.main_pid)
    follow_main(unit, *message.main_pid);
  if (message.status)
    told.status = *message.status;
  if (message.extend_timeout)
    p_.lives.extend_deadline(unit, *message.extend_timeout);
  tell_phase(unit, message);
  tell_watchdog(unit, message);
}

void Notifications::follow_main(UnitRuntime& unit, pid_t pid) {
  if (pid == unit.life.main_pid || !is_alive(unit.state))
    return;
  const bool is_own = belongs_to(unit, marks_of_process(pid));
  const auto followed =
      is_own ? p_.lives.follow_main(unit, pid)
             : Result<void>(Error{ErrorCode::denied, "it is no process of this unit"});
  if (followed || unit.life.told.main_refused_said)
    return;
  unit.life.told.main_refused_said = true;
  p_.logs.unit_line(unit.name(), LogLevel::warning,
                    "MAINPID=" + std::to_string(pid) + " was refused: " + followed.error().message);
}

void Notifications::tell_phase(UnitRuntime& unit, const NotifyMessage& message) {
  Told& told = unit.life.told;
  if (message.stopping && !told.stopping) {
    told.stopping = true;
    p_.logs.unit_line(unit.name(), LogLevel::info, "says that it stops");
    p_.readiness.end(unit);
  }
  if (message.reloading && !told.reloading) {
    told.reloading = true;
    p_.logs.unit_line(unit.name(), LogLevel::info, "reloads");
  }
  if (!message.ready)
    return;
  if (told.reloading && !message.reloading) {
    told.reloading = false;
    p_.logs.unit_line(unit.name(), LogLevel::info, "has reloaded");
  }
  p_.readiness.told_ready(unit);
}

void Notifications::tell_watchdog(UnitRuntime& unit, const NotifyMessage& message) {
  if (message.watchdog_interval)
    p_.readiness.set_watchdog(unit, *message.watchdog_interval);
  if (message.watchdog == NotifyMessage::Watchdog::alive && unit.life.watchdog)
    unit.life.watchdog->alive();
  if (message.watchdog == NotifyMessage::Watchdog::trigger)
    p_.readiness.watchdog_failed(unit, "it has told its watchdog that it is not well");
}

}  // namespace berth
