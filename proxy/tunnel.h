// Tunnel: a WebSocket after its 101: bytes both ways until one side has enough.
//
// It holds no buffer while nothing is stalled; see Relay for how the shared one is used.
#pragma once

#include <memory>
#include <string_view>

#include "proxy/activity.h"
#include "proxy/lease.h"
#include "proxy/relay.h"
#include "proxy/upstream.h"

namespace berth::proxy {

class Connection;

class Tunnel final : public LeaseUser, public UpstreamUser {
 public:
  Tunnel(const Relay::Workshop& workshop, Connection& client,
         std::unique_ptr<UpstreamConnection> upstream);
  ~Tunnel() override;
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  /// It is a use of the proxy as long as it lasts.
  void count_in(Activity& activity) { use_.begin(activity); }
  /// Sends what either side had sent before the tunnel was open.
  void start(std::string_view to_client, std::string_view to_upstream);
  /// Either side has news. May end the connection.
  void pump();
  /// Gives up the lease and the unit's connection; the tunnel is of no use afterwards.
  void release();
  /// Tells both sides that the tunnel goes away (1001, RFC 6455 section 7.4.1).
  void say_goodbye();

  void on_upstream() noexcept override;
  void on_granted() noexcept override {}
  void on_refused(Milliseconds) noexcept override {}
  void on_cut(bool going_away) noexcept override;

 private:
  /// False if it is over.
  bool pass(Stream& from, Stream& to, bool& ended);

  const Relay::Workshop& shop_;
  Connection& client_;
  std::unique_ptr<UpstreamConnection> upstream_;
  Activity::Use use_;
  bool client_ended_ = false;
  bool upstream_ended_ = false;
  bool told_upstream_ = false;  ///< that the client has finished sending
};

}  // namespace berth::proxy
