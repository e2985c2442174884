// Client: one connection to the admin socket, from the handshake to its end, with its bounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include <sys/types.h>

#include "init/admin/bus_compat.h"
#include "init/admin/control_link.h"
#include "init/admin/manager_object.h"
#include "init/os/event_loop.h"

namespace berth::admin {

/// Owned by Server. Closes itself on what a well-behaved client does not do, tells the owner once,
/// and waits to be destroyed.
class Client final : public os::FdHandler, public os::Deferred {
 public:
  /// What a client may cost.
  struct Bounds {
    std::chrono::milliseconds handshake{5'000};
    int messages_per_turn = 16;
    std::size_t queued = 32;  ///< messages that it has not read; a list of units is one
  };
  using Closed = std::function<void(Client&)>;

  Client(os::EventLoop& loop, ControlLink& link, std::unique_ptr<BusPeer> peer, ClientId id,
         uid_t uid, const Bounds& bounds, Closed closed);
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// False if the socket cannot be watched.
  bool start();
  void job_ended(const JobEnd& end) noexcept;
  /// Waits for what the connection wants next, or closes it if its queue is too long. To be called
  /// at the end of every turn: any answer of PID 1 may have made it send.
  void settle();
  void on_events(os::Events events) noexcept override;

 private:
  void work() noexcept;
  void process_messages();
  void close() noexcept;

  os::EventLoop& loop_;
  ControlLink& link_;
  std::unique_ptr<BusPeer> peer_;
  ClientId id_;
  uid_t uid_;
  Bounds bounds_;
  Closed closed_;                          ///< empty = closed
  std::unique_ptr<ManagerObject> object_;  ///< null until the handshake is over
  os::TimerId handshake_ = os::kNoTimer;
  os::TimerId wake_ = os::kNoTimer;
};

}  // namespace berth::admin
