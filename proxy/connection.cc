// Reading heads, keeping alive, lingering, closing.
#include "proxy/connection.h"

#include <chrono>

#include "proxy/diagnostics.h"
#include "proxy/http2.h"

namespace berth::proxy {
namespace {

/// The first read of a request; what comes with the head is copied, so it is not the whole buffer.
constexpr std::size_t kFirstRead = std::size_t{16} * 1024;
/// How long the client may still send after our last byte. Closing with unread bytes would reset
/// the connection and could take our reply from the client (RFC 9112 section 9.6).
constexpr Milliseconds kLinger{2000};
/// In one turn.
constexpr std::size_t kMaxDropped = std::size_t{1024} * 1024;

}  // namespace

Connection::Connection(Context& context, os::UniqueFd socket, const os::PeerAddress& peer,
                       Door door)
    : context_(context), stream_(std::move(socket)), peer_(peer), door_(door) {}

Connection::Connection(Context& context, const Connection& carrier)
    : Connection(context, os::UniqueFd(), carrier.peer_, carrier.door_) {
  over_limit_ = carrier.over_limit_;
  is_http2_ = true;
}

Connection::~Connection() {
  if (stream_.is_open())
    context_.loop.unwatch(stream_.fd());
}

bool Connection::is_kept_alive() const {
  return (state_ == ConnectionState::idle && served_) ||
         (state_ == ConnectionState::multiplexing && http2_->is_idle());
}

bool Connection::start() {
  if (!stream_.watch(context_.loop, *this))
    return false;
  arm(context_.spec().header_timeout);
  run();
  return true;
}

void Connection::count(bool over_limit) {
  counted_ = true;
  over_limit_ = over_limit;
}

ConnectionAction Connection::post(ConnectionEvent event) {
  const ConnectionStep next = step(state_, event);
  if (next.action == ConnectionAction::bug)
    log_bug("connection: " + std::string(to_string(event)) + " while " +
            std::string(to_string(state_)));
  state_ = next.next;
  return next.action;
}

void Connection::arm(Milliseconds delay) {
  if (delay.count() == 0)
    context_.wheel.disarm(*this);
  else
    arm_at(context_.loop.now() + delay);
}

void Connection::arm_at(os::TimePoint when) {
  if (state_ != ConnectionState::closed)
    context_.wheel.arm(*this, when);
}

void Connection::on_events(os::Events events) noexcept {
  stream_.note(events);
  if (events.error)
    return close();
  switch (state_) {
    case ConnectionState::relaying:
    case ConnectionState::replying:
      exchange_->on_client();
      break;
    case ConnectionState::tunnelling:
      return tunnel_->pump();
    case ConnectionState::multiplexing:
      return http2_->on_socket();
    case ConnectionState::lingering:
      return drop_input();
    default:
      break;
  }
  run();
}

void Connection::on_timer() noexcept {
  const bool sends = state_ == ConnectionState::relaying || state_ == ConnectionState::replying;
  if (sends && stream_.is_stalled())
    context_.counters.count(Refusal::reader_stalled);
  else if (state_ == ConnectionState::idle && !served_)
    context_.counters.count(Refusal::head_too_slow);
  act(post(ConnectionEvent::timeout));
  run();
}

void Connection::cut() {
  const bool tunnelled = state_ == ConnectionState::tunnelling;
  const ConnectionAction action = post(ConnectionEvent::cut);
  if (tunnelled)
    linger();
  else
    act(action);
}

void Connection::act(ConnectionAction action) {
  if (action == ConnectionAction::close)
    let_go();
  else if (exchange_ != nullptr)
    exchange_->stop(action);
}

void Connection::run() {
  // Ending a request may come back here: the outermost call goes on.
  if (running_)
    return;
  running_ = true;
  while (state_ == ConnectionState::idle || state_ == ConnectionState::reading_head) {
    if (!read_head())
      break;
  }
  running_ = false;
  if (stream_.saw_end() && exchange_ != nullptr)
    exchange_->on_client_end();
}

bool Connection::read_head() {
  if (exchange_ != nullptr && !exchange_->request().leftover().empty()) {
    const std::span<char> leftover = exchange_->request().leftover();
    take_head({leftover.data(), leftover.size()}, true);
    return true;
  }
  const os::IoResult got = stream_.read(context_.workshop.buffer.first(kFirstRead));
  if (got.status == os::IoStatus::would_block)
    return false;
  if (got.status != os::IoStatus::done) {
    close();
    return false;
  }
  if (stream_.speaks_http2()) {
    multiplex({context_.workshop.buffer.data(), got.bytes});
    return false;
  }
  take_head({context_.workshop.buffer.data(), got.bytes}, false);
  return true;
}

void Connection::take_head(std::string_view bytes, bool from_leftover) {
  if (exchange_ == nullptr)
    exchange_ = context_.exchanges.take(context_, *this);
  const bool first = state_ == ConnectionState::idle;
  post(ConnectionEvent::bytes);
  std::size_t used = 0;
  const bool complete = exchange_->feed(bytes, used);
  if (from_leftover)
    exchange_->request().use_leftover(used);
  else if (used < bytes.size())
    exchange_->request().set_leftover(bytes.substr(used));
  if (complete)
    exchange_->on_head();
  else if (first)
    arm(context_.spec().header_timeout);
}

void Connection::exchange_over() {
  served_ = true;
  if (state_ == ConnectionState::lingering)
    return linger();
  if (exchange_->request().leftover().empty())
    context_.exchanges.give(std::move(exchange_));
  else
    exchange_->renew();
  arm(context_.spec().idle_timeout);
}

void Connection::become(std::unique_ptr<Tunnel> tunnel, std::string_view to_client,
                        std::string_view to_upstream) {
  tunnel_ = std::move(tunnel);
  context_.wheel.disarm(*this);
  tunnel_->start(to_client, to_upstream);
  if (exchange_ != nullptr)
    context_.exchanges.give(std::move(exchange_));
}

void Connection::multiplex(std::string_view bytes) {
  auto http2 = std::make_unique<Http2>(context_, *this);
  std::unique_ptr<Http2Session> session = context_.http2.open(*http2);
  if (session == nullptr)
    return close();
  post(ConnectionEvent::upgraded);
  http2_ = std::move(http2);
  http2_->start(std::move(session), bytes);
}

void Connection::http2_over() {
  post(ConnectionEvent::done_close);
  linger();
}

void Connection::drain() {
  if (state_ == ConnectionState::idle)
    close();
  else if (state_ == ConnectionState::multiplexing)
    http2_->drain();
}

void Connection::linger() {
  if (http2_ != nullptr)
    http2_->release();
  if (tunnel_ != nullptr)
    tunnel_->release();
  if (exchange_ != nullptr)
    context_.exchanges.give(std::move(exchange_));
  stream_.finish_sending();
  arm(kLinger);
  drop_input();
}

void Connection::drop_input() {
  os::IoResult got;
  std::size_t dropped = 0;
  do {
    got = stream_.read(context_.workshop.buffer);
    dropped += got.bytes;
  } while (got.status == os::IoStatus::done && dropped < kMaxDropped);
  if (got.status == os::IoStatus::done)
    return stream_.rearm(context_.loop);
  if (got.status != os::IoStatus::would_block)
    close();
}

void Connection::close() {
  if (state_ == ConnectionState::closed)
    return;
  post(ConnectionEvent::gone);
  let_go();
}

void Connection::let_go() {
  if (exchange_ != nullptr) {
    exchange_->abandon();
    context_.exchanges.give(std::move(exchange_));
  }
  if (tunnel_ != nullptr)
    tunnel_->release();
  if (http2_ != nullptr)
    http2_->release();
  context_.wheel.disarm(*this);
  context_.loop.unwatch(stream_.fd());
  stream_.close();
  if (counted_)
    context_.addresses.leave(peer_);
  context_.connections.remove(*this);
}

}  // namespace berth::proxy
