// Connection: a client's connection. Small on purpose: whatever a request needs hangs off it only
// while there is one.
#pragma once

#include <memory>
#include <string_view>

#include "init/os/event_loop.h"
#include "proxy/connection_state.h"
#include "proxy/context.h"
#include "proxy/exchange.h"
#include "proxy/stream.h"
#include "proxy/timer_wheel.h"
#include "proxy/tunnel.h"

namespace berth::proxy {

class Http2;

class Connection final : public os::FdHandler, public TimerNode {
 public:
  Connection(Context& context, os::UniqueFd socket, const os::PeerAddress& peer, Door door);
  /// For one request of a client whose connection speaks HTTP/2.
  Connection(Context& context, const Connection& carrier);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Begins to watch it, and reads what is there. False if the kernel refuses.
  bool start();
  void on_events(os::Events events) noexcept override;
  void on_timer() noexcept override;

  Stream& stream() { return stream_; }
  const os::PeerAddress& peer() const { return peer_; }
  Door door() const { return door_; }
  ConnectionState state() const { return state_; }
  std::size_t index() const { return index_; }
  /// Counts it among those of its address. `over_limit`: its requests are answered 429.
  void count(bool over_limit);
  bool is_over_limit() const { return over_limit_; }
  /// Whether it is a request of an HTTP/2 connection.
  bool is_http2() const { return is_http2_; }
  /// Idle after a request, and not before the first.
  bool is_kept_alive() const;
  void set_index(std::size_t index) { index_ = static_cast<std::uint32_t>(index); }

  /// One step of the table. The only place that stores the state.
  ConnectionAction post(ConnectionEvent event);
  /// 0 = no deadline.
  void arm(Milliseconds delay);
  void arm_at(os::TimePoint when);
  /// Serves requests as long as their bytes are there. Called last by whoever has ended one.
  void run();
  /// The exchange has ended, by `done` or `done_close`.
  void exchange_over();
  /// The exchange has become a tunnel.
  void become(std::unique_ptr<Tunnel> tunnel, std::string_view to_client,
              std::string_view to_upstream);
  /// HTTP/2 is over: the rest is for the client to read.
  void http2_over();
  /// The proxy stops: it ends as soon as nothing is under way on it.
  void drain();
  /// What it uses ends: it is answered or closed.
  void cut();
  /// Closes it at once, whatever the state.
  void close();

 private:
  bool read_head();
  /// It speaks HTTP/2 from the first byte on.
  void multiplex(std::string_view bytes);
  void take_head(std::string_view bytes, bool from_leftover);
  void act(ConnectionAction action);
  void linger();
  void drop_input();
  void let_go();

  Context& context_;
  Stream stream_;
  os::PeerAddress peer_;
  ConnectionState state_ = ConnectionState::idle;
  Door door_;
  bool running_ = false;
  bool served_ = false;      ///< a request has been answered
  bool counted_ = false;     ///< in Context::addresses
  bool over_limit_ = false;  ///< its address has too many connections
  bool is_http2_ = false;
  std::uint32_t index_ = 0;  ///< in the table of connections
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Tunnel> tunnel_;
  std::unique_ptr<Http2> http2_;
};

}  // namespace berth::proxy
