// Packets from and to PID 1.
#include "proxy/control_link.h"

#include "proxy/diagnostics.h"
#include "units/wire.h"

namespace berth::proxy {

ControlLink::ControlLink(os::EventLoop& loop, os::UniqueFd socket, ControlHandler& handler)
    : loop_(loop), socket_(std::move(socket)), handler_(handler) {
  loop_.watch(socket_.borrow(), true, false, *this);
}

ControlLink::~ControlLink() {
  loop_.unwatch(socket_.borrow());
}

void ControlLink::send(const control::FromProxy& message) {
  enqueue({wire::encode_any(message), {}});
}

void ControlLink::send_run(const control::RunJob& message, std::vector<os::UniqueFd> pipes) {
  enqueue({wire::encode_any(control::FromProxy(message)), std::move(pipes)});
}

void ControlLink::enqueue(os::Packet packet) {
  unsent_.push_back(std::move(packet));
  if (unsent_.size() == 1)
    flush();
}

void ControlLink::flush() {
  while (!unsent_.empty()) {
    const os::Packet& next = unsent_.front();
    std::vector<os::BorrowedFd> fds;
    for (const os::UniqueFd& fd : next.fds)
      fds.push_back(fd.borrow());
    const os::SendOutcome outcome = os::send_packet(socket_.borrow(), next.bytes, fds);
    if (outcome == os::SendOutcome::full)
      break;
    // A broken socket is noticed by reading it.
    unsent_.pop_front();
  }
  loop_.rewatch(socket_.borrow(), true, !unsent_.empty());
}

void ControlLink::on_events(os::Events events) noexcept {
  if (events.writable)
    flush();
  while (true) {
    const os::ReceiveOutcome outcome =
        os::receive_packet(socket_.borrow(), control::kMaxPacket, packet_);
    if (outcome == os::ReceiveOutcome::empty)
      break;
    if (outcome == os::ReceiveOutcome::closed) {
      loop_.unwatch(socket_.borrow());
      handler_.on_control_lost();
      return;
    }
    auto message = wire::decode_any<control::ToProxy>(packet_.bytes);
    if (message)
      handler_.on_control(*message, packet_.fds);
    else
      report("control socket: " + message.error().message);
  }
  // 64 KiB for a packet a minute would be dear.
  packet_ = os::Packet();
}

}  // namespace berth::proxy
