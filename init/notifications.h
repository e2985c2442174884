// Notifications: what services tell by sd_notify, and what follows from it.
#pragma once

#include <string>
#include <vector>

#include "init/lives.h"
#include "init/os/datagram_socket.h"
#include "init/readiness.h"
#include "init/settings.h"
#include "init/unit_table.h"
#include "units/notify_message.h"

namespace berth {

/// Believes a datagram only about the unit whose process has sent it, and only if that unit uses
/// sd_notify. What is refused is logged, once a minute.
class Notifications {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    LogHub& logs;
    Readiness& readiness;
    Lives& lives;
    const Settings& settings;
  };
  explicit Notifications(Parts parts) : p_(parts) {}

  void on_datagram(const os::Datagram& datagram);

 private:
  UnitRuntime* unit_of(pid_t sender) const;
  bool belongs_to(const UnitRuntime& unit, const std::vector<ProcessMarks>& marks) const;
  void refuse(const os::Datagram& datagram, const std::string& why);
  void apply(UnitRuntime& unit, const NotifyMessage& message);
  void follow_main(UnitRuntime& unit, pid_t pid);
  void tell_phase(UnitRuntime& unit, const NotifyMessage& message);
  void tell_watchdog(UnitRuntime& unit, const NotifyMessage& message);

  Parts p_;
  os::TimePoint silent_until_;
  std::uint64_t refused_unsaid_ = 0;
};

}  // namespace berth
