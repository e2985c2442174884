// NotifySocket: where services speak the sd_notify protocol to berth.
#pragma once

#include <functional>
#include <string>

#include "init/os/datagram_socket.h"
#include "init/os/event_loop.h"
#include "init/settings.h"

namespace berth {

/// One for all units: who a datagram is from, the kernel says. A turn of the loop reads a few of
/// them, and if there are more it pauses: the kernel keeps whoever floods waiting.
class NotifySocket final : private os::FdHandler {
 public:
  using OnDatagram = std::function<void(const os::Datagram& datagram)>;

  NotifySocket(os::EventLoop& loop, OnDatagram on_datagram)
      : loop_(loop), on_datagram_(std::move(on_datagram)) {}
  ~NotifySocket() override;
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// Listens at RUN_DIR/notify, anew if it was open there; where that cannot be made (a read-only
  /// root, a long path) at a name in the abstract namespace. A path comes first because some
  /// programs cannot do the other (Puma).
  Result<void> open(const Settings& settings);
  /// NOTIFY_SOCKET; empty = not open.
  const std::string& address() const { return address_; }
  /// Reads what is waiting, a few at most; false if there may be more. Also before ended processes
  /// are reaped: until then it can still be told who they belong to.
  bool receive();

 private:
  void on_events(os::Events events) override;

  os::EventLoop& loop_;
  OnDatagram on_datagram_;
  os::UniqueFd socket_;
  std::string path_;  ///< the file to remove, if it is one
  std::string address_;
  os::TimerId pause_ = os::kNoTimer;
};

}  // namespace berth
