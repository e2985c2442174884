// ManagerObject: the object /org/berth as one client sees it; what org.berth.Berth1.xml says, done.
#pragma once

#include <memory>

#include <sys/types.h>

#include "init/admin/control_link.h"
#include "init/os/event_loop.h"

namespace sdbus {
class IConnection;
}

namespace berth::admin {

class ManagerObject {
 public:
  /// Answers on `connection` what the client of that uid asks, until it is destroyed; all must
  /// outlive it. Throws sdbus::Error.
  ManagerObject(os::EventLoop& loop, ControlLink& link, sdbus::IConnection& connection,
                ClientId client, uid_t uid);
  ~ManagerObject();
  ManagerObject(const ManagerObject&) = delete;
  ManagerObject& operator=(const ManagerObject&) = delete;

  /// Tells the client by JobRemoved.
  void job_ended(const JobEnd& end) noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::admin
