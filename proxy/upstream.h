// UpstreamConnection: one connection to a unit, used for one request at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/graveyard.h"
#include "proxy/stream.h"
#include "proxy/timer_wheel.h"
#include "proxy/tls_session.h"
#include "units/result.h"
#include "units/values.h"

namespace berth::proxy {

class IdleConnections;

/// Who uses an upstream connection and is told of its events.
class UpstreamUser {
 public:
  virtual ~UpstreamUser() = default;
  virtual void on_upstream() noexcept = 0;
};

/// What a connection needs of the process it lives in.
struct UpstreamHost {
  os::EventLoop& loop;
  TimerWheel& wheel;
  Graveyard& graveyard;
};

class UpstreamConnection final : public os::FdHandler, public TimerNode {
 public:
  enum class Phase : std::uint8_t { connecting, shaking_hands, connected, failed };

  /// Begins to connect.
  static Result<std::unique_ptr<UpstreamConnection>> open(const UpstreamHost& host,
                                                          const Address& address);
  /// Watched while it lives; use retire() and not the destructor inside a callback.
  ~UpstreamConnection() override;
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  /// TLS comes first: it is connected once hands are shaken.
  void encrypt(std::unique_ptr<TlsClientSession> session);
  Stream& stream() { return stream_; }
  Phase phase() const { return phase_; }
  /// Why hands could not be shaken; empty if that is not why it failed.
  std::string tls_failure() const;
  /// It has served a request before: the unit may have closed it in the meantime.
  bool is_reused() const { return reused_; }
  void set_user(UpstreamUser* user) { user_ = user; }

  void on_events(os::Events events) noexcept override;
  void on_timer() noexcept override;

  /// Closes it now; the object itself dies at the end of the turn.
  static void retire(std::unique_ptr<UpstreamConnection> connection);

 private:
  friend class IdleConnections;
  UpstreamConnection(const UpstreamHost& host, os::UniqueFd socket);
  void shake_hands();

  const UpstreamHost& host_;
  Stream stream_;
  Phase phase_ = Phase::connecting;
  TlsClientSession* tls_ = nullptr;  ///< of stream_, until hands are shaken
  bool shook_hands_ = false;         ///< or has tried to
  bool reused_ = false;
  UpstreamUser* user_ = nullptr;
  IdleConnections* shelf_ = nullptr;  ///< where it lies while it is idle
};

/// The idle connections to one endpoint, bounded in number and in time.
class IdleConnections {
 public:
  explicit IdleConnections(const UpstreamHost& host) : host_(host) {}
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;
  ~IdleConnections() { clear(); }

  /// The one used last, or nothing.
  std::unique_ptr<UpstreamConnection> take();
  /// Keeps it for the next request. REQUIRES: nothing is unread or unsent on it.
  void give(std::unique_ptr<UpstreamConnection> connection);
  /// Closes all of them.
  void clear();
  /// One of them was closed by the unit, or has been idle for long.
  void drop(UpstreamConnection& connection);

 private:
  const UpstreamHost& host_;
  std::vector<std::unique_ptr<UpstreamConnection>> connections_;
};

}  // namespace berth::proxy
