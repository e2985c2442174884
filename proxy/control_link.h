// ControlLink: the socket to PID 1.
#pragma once

#include <deque>
#include <string>

#include "init/os/event_loop.h"
#include "init/os/packet_socket.h"
#include "proxy/lease.h"
#include "proxy/runs.h"
#include "units/control.h"

namespace berth::proxy {

/// Who is told what PID 1 says.
class ControlHandler {
 public:
  virtual ~ControlHandler() = default;
  /// `fds` came beside the message.
  virtual void on_control(control::ToProxy& message, std::vector<os::UniqueFd>& fds) = 0;
  /// PID 1 is gone, or does not speak our language: nothing is left to do.
  virtual void on_control_lost() = 0;
};

/// Messages that the socket does not take wait in order. They are bounded by nature: a unit has at
/// most one question, one answer and one usage report under way, a job one run.
class ControlLink final : public os::FdHandler, public ControlSender, public RunSender {
 public:
  ControlLink(os::EventLoop& loop, os::UniqueFd socket, ControlHandler& handler);
  ~ControlLink() override;
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;

  void send(const control::FromProxy& message) override;
  void send_run(const control::RunJob& message, std::vector<os::UniqueFd> pipes) override;
  void send_stop(const control::StopRun& message) override { send(message); }
  void on_events(os::Events events) noexcept override;

 private:
  void enqueue(os::Packet packet);
  void flush();

  os::EventLoop& loop_;
  os::UniqueFd socket_;
  ControlHandler& handler_;
  std::deque<os::Packet> unsent_;
  os::Packet packet_;
};

}  // namespace berth::proxy
