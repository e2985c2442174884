// Connections to units, and the shelf of idle ones.
#include "proxy/upstream.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "init/os/errno_error.h"
#include "init/os/socket.h"

namespace berth::proxy {
namespace {

/// Connections come back here as fast as a busy unit answers: to close and open them again would
/// cost more than the requests. What a burst leaves goes after kMaxIdleTime.
constexpr std::size_t kMaxIdle = 1024;
/// Shorter than the 20 s after which Puma closes an idle connection itself: we are seldom
/// surprised.
constexpr std::chrono::seconds kMaxIdleTime{15};
constexpr std::size_t kMaxReason = 256;

}  // namespace

UpstreamConnection::UpstreamConnection(const UpstreamHost& host, os::UniqueFd socket)
    : host_(host), stream_(std::move(socket)) {}

UpstreamConnection::~UpstreamConnection() {
  if (stream_.is_open())
    host_.loop.unwatch(stream_.fd());
}

Result<std::unique_ptr<UpstreamConnection>> UpstreamConnection::open(const UpstreamHost& host,
                                                                     const Address& address) {
  bool in_progress = false;
  auto socket = os::start_connect(address, in_progress);
  if (!socket)
    return socket.error();
  os::set_no_delay(socket->borrow());
  std::unique_ptr<UpstreamConnection> connection(new UpstreamConnection(host, *std::move(socket)));
  connection->phase_ = in_progress ? Phase::connecting : Phase::connected;
  if (!host.loop.watch(connection->stream_.fd(), true, true, *connection, true))
    return os::errno_error("watch a connection to a unit");
  return connection;
}

void UpstreamConnection::on_events(os::Events events) noexcept {
  stream_.note(events);
  if (phase_ == Phase::connecting && (events.writable || events.error || events.hangup))
    phase_ = os::connect_error(stream_.fd()) == 0 ? Phase::connected : Phase::failed;
  if (tls_ != nullptr)
    shake_hands();
  if (user_ != nullptr)
    user_->on_upstream();
  else if (shelf_ != nullptr && (events.readable || events.hangup || events.error))
    shelf_->drop(*this);
}

void UpstreamConnection::encrypt(std::unique_ptr<TlsClientSession> session) {
  tls_ = session.get();
  stream_.pass_through(std::move(session));
  shake_hands();
}

void UpstreamConnection::shake_hands() {
  if (phase_ != Phase::connected && phase_ != Phase::shaking_hands)
    return;
  shook_hands_ = true;
  const Transport::Status status = tls_->shake_hands().status;
  if (status == Transport::Status::done)
    tls_ = nullptr;
  phase_ = status == Transport::Status::done          ? Phase::connected
           : status == Transport::Status::needs_read  ? Phase::shaking_hands
           : status == Transport::Status::needs_write ? Phase::shaking_hands
                                                      : Phase::failed;
}

std::string UpstreamConnection::tls_failure() const {
  std::array<char, kMaxReason> why{};
  if (tls_ != nullptr && shook_hands_)
    tls_->explain(why);
  return why.data();
}

void UpstreamConnection::on_timer() noexcept {
  if (shelf_ != nullptr)
    shelf_->drop(*this);
}

void UpstreamConnection::retire(std::unique_ptr<UpstreamConnection> connection) {
  if (connection == nullptr)
    return;
  connection->user_ = nullptr;
  connection->shelf_ = nullptr;
  connection->unlink();
  connection->host_.loop.unwatch(connection->stream_.fd());
  connection->stream_.close();
  Graveyard& graveyard = connection->host_.graveyard;
  graveyard.bury(std::move(connection));
}

std::unique_ptr<UpstreamConnection> IdleConnections::take() {
  if (connections_.empty())
    return nullptr;
  std::unique_ptr<UpstreamConnection> connection = std::move(connections_.back());
  connections_.pop_back();
  connection->shelf_ = nullptr;
  connection->reused_ = true;
  host_.wheel.disarm(*connection);
  return connection;
}

void IdleConnections::give(std::unique_ptr<UpstreamConnection> connection) {
  connection->user_ = nullptr;
  Stream& stream = connection->stream_;
  if (connections_.size() >= kMaxIdle || !stream.is_quiet() || stream.is_stalled()) {
    UpstreamConnection::retire(std::move(connection));
    return;
  }
  connection->shelf_ = this;
  host_.wheel.arm(*connection, host_.loop.now() + kMaxIdleTime);
  connections_.push_back(std::move(connection));
}

void IdleConnections::clear() {
  while (!connections_.empty()) {
    UpstreamConnection::retire(std::move(connections_.back()));
    connections_.pop_back();
  }
}

void IdleConnections::drop(UpstreamConnection& connection) {
  const auto found =
      std::find_if(connections_.begin(), connections_.end(),
                   [&](const auto& candidate) { return candidate.get() == &connection; });
  if (found == connections_.end())
    return;
  UpstreamConnection::retire(std::move(*found));
  connections_.erase(found);
}

}  // namespace berth::proxy
