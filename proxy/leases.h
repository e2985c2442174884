// Leases: one Lease a unit that the route table names, or that is still in use.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/lease.h"

namespace berth::proxy {

class Leases {
 public:
  /// `control`: where units are asked for; `targets`: where servers elsewhere are.
  Leases(const UpstreamHost& host, ControlSender& control, ControlSender& targets)
      : host_(host), control_(control), targets_(targets) {}

  /// The leases of a new route table, in the order of its backends. Those that it does not name any
  /// more end with their last use.
  std::vector<Lease*> configure(const std::vector<berth::Backend>& backends);
  /// Granted, Refused, Ending, Revoke.
  template <class Message>
  void on_message(const Message& message) {
    if (Lease* lease = find(message.unit))
      lease->on_message(message);
  }
  /// A grant for a unit that nobody names any more is given back.
  void on_message(const control::Granted& message);
  void refuse_waiting(Milliseconds retry_after);
  void cut_tunnels();
  /// What nobody uses goes back to PID 1.
  void give_back_unused();
  /// Requests in all waiting rooms.
  std::uint64_t waiting() const;
  /// Whether tend() has something to do.
  bool needs_tending() const { return board_.needs_tending; }
  /// Usage of what has changed; forgets what is unused. At most once a second.
  void tend();
  /// Lets in who waits where there is room again. At the end of each turn.
  void grant_free();

 private:
  Lease* find(std::string_view unit) const;

  const UpstreamHost& host_;
  ControlSender& control_;
  ControlSender& targets_;
  LeaseBoard board_;
  /// The keys are views of the leases' own names.
  std::unordered_map<std::string_view, std::unique_ptr<Lease>> leases_;
};

}  // namespace berth::proxy
