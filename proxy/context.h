// Context: what every connection of the process shares.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/access_log.h"
#include "proxy/activity.h"
#include "proxy/address_counts.h"
#include "proxy/counters.h"
#include "proxy/http2_module.h"
#include "proxy/leases.h"
#include "proxy/logins.h"
#include "proxy/metrics.h"
#include "proxy/relay.h"
#include "proxy/replay.h"
#include "proxy/site.h"
#include "proxy/sticky.h"
#include "proxy/tls_keeper.h"
#include "proxy/tls_targets.h"

namespace berth::proxy {

class Connection;
class Exchange;

/// What a client has come in by.
enum class Door : std::uint8_t {
  site,
  metrics,  ///< nothing but /metrics is answered
};

/// The requests under way come from here and go back: their buffers are used again.
class ExchangePool {
 public:
  ExchangePool();
  ~ExchangePool();
  std::unique_ptr<Exchange> take(struct Context& context, Connection& client);
  void give(std::unique_ptr<Exchange> exchange);
  /// At the end of a turn.
  void clear_excess();

 private:
  std::vector<std::unique_ptr<Exchange>> free_;
  std::vector<std::unique_ptr<Exchange>> excess_;
};

/// Owns all client connections.
class ConnectionTable {
 public:
  explicit ConnectionTable(Graveyard& graveyard);
  ~ConnectionTable();
  void add(std::unique_ptr<Connection> connection);
  /// It dies at the end of the turn.
  void remove(Connection& connection);
  std::size_t size() const { return connections_.size(); }
  /// Closes a connection that waits for another request of its client, if one is found among the
  /// next few; who finds his closed tries again (RFC 9112 section 9.3.1).
  bool close_an_idle_one();
  template <class Visit>
  void for_each(Visit visit) {
    // Backwards: a visit may remove the connection that it is shown, and others. What takes the
    // place of one that was removed is seen again, or still to come.
    for (std::size_t i = connections_.size(); i > 0; i = std::min(i - 1, connections_.size()))
      visit(*connections_[i - 1]);
  }

 private:
  Graveyard& graveyard_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t hand_ = 0;  ///< where the next search for an idle one begins
};

/// Ids for requests that bring none: random where it starts, then a permutation, so none comes
/// twice.
class RequestIds {
 public:
  RequestIds();
  /// 32 hex digits; valid until the next call.
  std::string_view next();

 private:
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
  char text_[32];
};

struct Context {
  os::EventLoop& loop;
  TimerWheel& wheel;
  const UpstreamHost& upstream_host;
  const Relay::Workshop& workshop;
  Leases& leases;
  Logins& logins;
  AccessLog& log;
  Metrics& metrics;
  Activity& activity;
  Site site;
  Replays replays;
  Sticky sticky;
  ExchangePool exchanges;
  ConnectionTable connections;
  RequestIds ids;
  DateText& date;
  TlsKeeper tls;
  TlsTargets tls_targets;
  Http2Module http2;
  AddressCounts addresses;
  Counters counters;
  bool shutting_down = false;  ///< new requests get 503, and no connection is kept
  bool draining = false;       ///< no connection is taken, and none is kept
  bool crowded = false;        ///< somebody waits to be accepted: no connection is kept

  const ProxySpec& spec() const { return site.spec(); }
};

}  // namespace berth::proxy
