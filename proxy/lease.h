// Lease: what this proxy has of one unit: nothing, a question asked, the unit itself, or a refusal;
// with the waiting room of the requests that need it. See units/control.h for the rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/intrusive_list.h"
#include "proxy/upstream.h"
#include "units/control.h"
#include "units/proxy_config.h"

namespace berth::proxy {

class Lease;
struct RequestFigures;

/// One request or tunnel that needs a unit. It waits in the waiting room or is in flight.
class LeaseUser : public ListNode {
 public:
  virtual ~LeaseUser() = default;
  /// The wait is over: it is in flight now.
  virtual void on_granted() noexcept = 0;
  /// The wait is over: the unit cannot be had. It has left the waiting room.
  virtual void on_refused(Milliseconds retry_after) noexcept = 0;
  /// The unit's life is over, or the lease is to be returned: end now. `going_away` = in order, so
  /// a WebSocket is closed with 1001.
  virtual void on_cut(bool going_away) noexcept = 0;

  Lease* lease() const { return lease_; }

 private:
  friend class Lease;
  enum class Stage : std::uint8_t { outside, waiting, in_flight };
  Lease* lease_ = nullptr;
  std::uint64_t epoch_ = 0;
  Stage stage_ = Stage::outside;
  bool counted_ = true;
  bool is_tunnel_ = false;  ///< does not end by itself
};

/// What leases want done later. The vector is short: it is emptied at the end of each turn.
struct LeaseBoard {
  bool needs_tending = false;  ///< send_usage() or is_unused() may have something new to say
  std::vector<Lease*> freed;   ///< somebody waits, and a request has ended: grant_free()
};

/// Where a Lease sends its messages.
class ControlSender {
 public:
  virtual ~ControlSender() = default;
  virtual void send(const control::FromProxy& message) = 0;
};

class Lease {
 public:
  enum class State : std::uint8_t {
    none,
    asked,
    held,
    cooling,  ///< refused: nobody asks before the time is over
  };
  enum class Admission : std::uint8_t {
    in_flight,  ///< go on, and leave() at the end
    waiting,    ///< on_granted() or on_refused() follows, unless leave() comes first
    full,       ///< the waiting room is
    refused,    ///< see retry_after()
  };

  Lease(const UpstreamHost& host, ControlSender& control, LeaseBoard& board, berth::Backend config);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  const std::string& unit() const { return config_.unit; }
  const berth::Backend& config() const { return config_; }
  /// A new route table names the unit still.
  void configure(const berth::Backend& config);
  /// The new route table does not name it any more: it is returned as soon as nobody uses it.
  void release();
  /// Whether nothing would be lost with it.
  bool is_unused() const;

  Admission admit(LeaseUser& user);
  /// The end of a use, or of the wait for it.
  void leave(LeaseUser& user);
  /// `to` takes over the use of `from`: a request has become a tunnel.
  void hand_over(LeaseUser& from, LeaseUser& to);
  /// The endpoint did not take a connection: tells PID 1, and `user` waits again.
  void wait_again(LeaseUser& user);

  /// REQUIRES: held, that is: some user is in flight.
  const Address& endpoint() const { return endpoint_; }
  const std::string& endpoint_text() const { return endpoint_text_; }
  IdleConnections& idle_connections() { return idle_connections_; }
  /// Whether the life that `user` uses is still the unit's current one.
  bool is_current(const LeaseUser& user) const {
    return state_ == State::held && user.epoch_ == epoch_;
  }
  /// How long a refusal still counts.
  Milliseconds retry_after() const;

  void on_message(const control::Granted& message);
  void on_message(const control::Refused& message);
  void on_message(const control::Ending& message);
  void on_message(const control::Revoke& message);
  /// Tunnels would never end by themselves: the proxy stops.
  void cut_tunnels();
  void give_back_if_unused() noexcept;
  /// Everybody in the waiting room is sent away: the proxy stops.
  void refuse_waiting(Milliseconds retry_after);
  /// Lets in who waits for others to end, as far as `max_requests` allows.
  void grant_free();
  /// Requests in the waiting room.
  std::uint32_t waiting() const { return waiting_count_; }
  /// Where its requests are counted; null = nobody has said.
  RequestFigures* figures() const { return figures_; }
  void set_figures(RequestFigures& figures) { figures_ = &figures; }
  /// Tells PID 1 how it is used, if that has changed since the last time.
  void send_usage();

 private:
  void ask();
  bool has_room() const {
    return config_.max_requests == 0 || requests_in_flight_ < config_.max_requests;
  }
  /// A request of the current life has ended, or has become a tunnel.
  void free_room();
  void count_in(LeaseUser& user);
  void count_out();
  /// Nobody uses it and nobody waits: the idle clock starts, or the lease goes back.
  void rest_if_unused();
  void give_back();
  void cut_ended() noexcept;
  /// Calls `visit` for each user in flight, who may leave in it.
  template <class Visit>
  void for_each_user(Visit visit);
  void left_life(std::uint64_t epoch);
  void retry() noexcept;
  Milliseconds idle_for() const;

  const UpstreamHost& host_;
  ControlSender& control_;
  LeaseBoard& board_;
  berth::Backend config_;
  State state_ = State::none;
  bool configured_ = true;
  bool usage_changed_ = false;
  std::uint32_t waiting_count_ = 0;
  RequestFigures* figures_ = nullptr;
  std::uint32_t in_flight_ = 0;           ///< counted users of the current life
  std::uint32_t requests_in_flight_ = 0;  ///< of the current life, without tunnels
  std::uint64_t epoch_ = 0;
  std::uint64_t requests_ = 0;         ///< answered in this lease
  std::uint64_t ending_epoch_ = 0;     ///< a life that ends in order; 0 = none
  std::uint64_t ending_requests_ = 0;  ///< answered in it
  std::uint32_t ending_users_ = 0;     ///< still in flight in it
  Address endpoint_;
  std::string endpoint_text_;  ///< for the log
  os::TimePoint last_use_;
  os::TimePoint refused_until_;
  os::TimePoint last_complaint_;  ///< Unreachable was sent
  IntrusiveList<LeaseUser> waiting_;
  IntrusiveList<LeaseUser> users_;  ///< in flight, of this life and of ended ones
  IdleConnections idle_connections_;
  MemberTimer<Lease, &Lease::give_back_if_unused> idle_timer_{*this};
  MemberTimer<Lease, &Lease::cut_ended> ending_timer_{*this};
  MemberTimer<Lease, &Lease::retry> retry_timer_{*this};
};

}  // namespace berth::proxy
