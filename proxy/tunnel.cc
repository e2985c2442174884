// The two directions of a tunnel.
#include "proxy/tunnel.h"

#include "proxy/connection.h"

namespace berth::proxy {
namespace {

/// A close frame with status 1001. A client's frames are masked; a mask of zeros masks nothing.
constexpr std::string_view kGoingAway("\x88\x02\x03\xe9", 4);
constexpr std::string_view kGoingAwayMasked("\x88\x82\0\0\0\0\x03\xe9", 8);
/// How long the unit may go on after the client has finished sending: time enough for its last
/// words.
constexpr Milliseconds kHalfOpen{5000};

}  // namespace

Tunnel::Tunnel(const Relay::Workshop& workshop, Connection& client,
               std::unique_ptr<UpstreamConnection> upstream)
    : shop_(workshop), client_(client), upstream_(std::move(upstream)) {
  upstream_->set_user(this);
}

Tunnel::~Tunnel() {
  release();
}

void Tunnel::release() {
  use_.end();
  if (lease() != nullptr)
    lease()->leave(*this);
  UpstreamConnection::retire(std::move(upstream_));
}

void Tunnel::start(std::string_view to_client, std::string_view to_upstream) {
  if (client_.stream().write(to_client) && upstream_->stream().write(to_upstream))
    pump();
  else
    client_.close();
}

bool Tunnel::pass(Stream& from, Stream& to, bool& ended) {
  std::size_t moved = 0;
  while (!ended && !to.is_stalled()) {
    const os::IoResult got = from.read(shop_.buffer);
    if (got.status == os::IoStatus::would_block)
      break;
    if (got.status == os::IoStatus::failed)
      return false;
    if (got.status == os::IoStatus::closed)
      ended = true;
    else if (!to.write({shop_.buffer.data(), got.bytes}))
      return false;
    moved += got.bytes;
    if (moved >= kMostInARow) {
      from.rearm(shop_.loop);
      break;
    }
  }
  return true;
}

void Tunnel::pump() {
  Stream& client = client_.stream();
  Stream& upstream = upstream_->stream();
  const bool alive = client.flush() && upstream.flush() && pass(client, upstream, client_ended_) &&
                     pass(upstream, client, upstream_ended_);
  // Without the unit there is nobody to talk to; without the client's half the unit may still talk.
  if (!alive || (upstream_ended_ && !client.is_stalled()))
    return client_.close();
  if (client_ended_ && !upstream.is_stalled() && !told_upstream_) {
    upstream.finish_sending();
    told_upstream_ = true;
    client_.arm(kHalfOpen);
  }
}

void Tunnel::on_upstream() noexcept {
  pump();
}

void Tunnel::say_goodbye() {
  // In the middle of a stalled frame a close frame would only be noise.
  if (!client_.stream().is_stalled())
    client_.stream().write(kGoingAway);
  if (!upstream_->stream().is_stalled())
    upstream_->stream().write(kGoingAwayMasked);
}

void Tunnel::on_cut(bool going_away) noexcept {
  if (going_away)
    say_goodbye();
  client_.cut();
}

}  // namespace berth::proxy
