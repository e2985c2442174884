// Driving one connection from the loop.
#include "init/admin/client.h"

#include <exception>
#include <string>
#include <utility>

#include "init/log.h"

namespace berth::admin {

Client::Client(os::EventLoop& loop, ControlLink& link, std::unique_ptr<BusPeer> peer, ClientId id,
               uid_t uid, const Bounds& bounds, Closed closed)
    : loop_(loop),
      link_(link),
      peer_(std::move(peer)),
      id_(id),
      uid_(uid),
      bounds_(bounds),
      closed_(std::move(closed)) {}

Client::~Client() {
  closed_ = closed_ ? [](Client&) {} : Closed();
  close();
}

bool Client::start() {
  if (!loop_.watch(peer_->socket(), true, false, *this))
    return false;
  handshake_ = loop_.after(bounds_.handshake, [this] { close(); });
  return true;
}

void Client::job_ended(const JobEnd& end) noexcept {
  if (object_ != nullptr && closed_)
    object_->job_ended(end);
}

void Client::on_events(os::Events) noexcept {
  work();
}

void Client::work() noexcept {
  try {
    process_messages();
  } catch (const std::exception& error) {
    log_warning(std::string("berth-admin: ") + error.what());
    close();
  }
}

void Client::process_messages() {
  for (int i = 0; closed_ && i < bounds_.messages_per_turn; ++i) {
    const BusPeer::Progress progress = peer_->process();
    if (progress == BusPeer::Progress::closed)
      return close();
    // Between the handshake and the first message: the object must be there when it comes.
    if (object_ == nullptr && peer_->is_ready()) {
      loop_.cancel(std::exchange(handshake_, os::kNoTimer));
      object_ = std::make_unique<ManagerObject>(loop_, link_, peer_->connection(), id_, uid_);
    }
    if (progress == BusPeer::Progress::idle)
      return;
  }
}

void Client::settle() {
  if (!closed_)
    return;
  if (peer_->queued() > bounds_.queued) {
    log_warning("berth-admin: a client does not read its answers: closed");
    return close();
  }
  const BusPeer::Wish wish = peer_->wish();
  loop_.rewatch(peer_->socket(), wish.readable, wish.writable);
  loop_.cancel(std::exchange(wake_, os::kNoTimer));
  if (wish.wake.has_value())
    wake_ = loop_.at(*wish.wake, [this] {
      wake_ = os::kNoTimer;
      work();
    });
}

void Client::close() noexcept {
  const Closed closed = std::exchange(closed_, nullptr);
  if (!closed)
    return;  // the descriptor may be somebody else's by now
  loop_.cancel(std::exchange(handshake_, os::kNoTimer));
  loop_.cancel(std::exchange(wake_, os::kNoTimer));
  loop_.unwatch(peer_->socket());
  peer_->close();
  closed(*this);
}

}  // namespace berth::admin
