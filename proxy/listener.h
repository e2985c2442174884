// Listener: one listening socket that PID 1 has opened and shares with us.
#pragma once

#include "proxy/context.h"
#include "proxy/timer_wheel.h"

namespace berth::proxy {

class Listener final : public os::FdHandler, public TimerNode {
 public:
  Listener(Context& context, os::UniqueFd socket, Door door);
  ~Listener() override;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Accepts, or leaves what comes to the kernel's queue.
  void open();
  void pause();
  /// Whether connections that are accepted from now on speak TLS.
  void encrypt(bool encrypted) { encrypted_ = encrypted; }
  void on_events(os::Events events) noexcept override;
  void on_timer() noexcept override { open(); }

 private:
  /// True if one more may be accepted.
  bool make_room();
  void take(os::UniqueFd socket, const os::PeerAddress& peer);
  void rest();

  Context& context_;
  os::UniqueFd socket_;
  os::TimePoint last_report_;
  Door door_;
  bool open_ = false;
  bool encrypted_ = false;
};

}  // namespace berth::proxy
