// Targets: the servers elsewhere that routes name. It is to their leases what PID 1 is to those of
// units: it answers Acquire with an endpoint, after the name has been looked up, and goes on to the
// next address where one takes no connection.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "proxy/host_lookup.h"
#include "proxy/lease.h"

namespace berth::proxy {

class Targets final : public ControlSender {
 public:
  using Answer = std::variant<control::Granted, control::Refused, control::Ending>;
  /// `answer` is given what PID 1 would send, never within a send().
  Targets(os::EventLoop& loop, std::function<void(const Answer&)> answer);
  ~Targets() override;
  Targets(const Targets&) = delete;
  Targets& operator=(const Targets&) = delete;

  /// A new route table. What it does not name any more and nobody uses is forgotten.
  void configure(const std::vector<berth::Backend>& backends);
  /// An Acquire for "HOST:PORT" that no table names is one for that server.
  void send(const control::FromProxy& message) override;

 private:
  struct Target {
    std::string host;
    std::uint16_t port = 0;
    std::vector<Address> addresses;
    std::size_t used = 0;    ///< index of the address that is in use, or is to be used
    bool failed = false;     ///< all of them have failed since they were looked up
    bool is_wanted = false;  ///< an Acquire waits
    bool is_held = false;
    bool is_named = false;  ///< by the route table
    std::uint64_t epoch = 0;
    os::TimePoint looked_up;
    std::unique_ptr<HostLookup> lookup;
    os::TimerId refresh = os::kNoTimer;
  };

  void acquire_passing(const std::string& name);
  /// Those that nothing needs any more.
  void forget();
  void acquire(const std::string& name, Target& target);
  void grant(const std::string& name, Target& target);
  void next_address(const std::string& name, Target& target);
  void look_up(const std::string& name, Target& target);
  void looked_up(const std::string& name, Result<std::vector<Address>> addresses);
  void refresh_later(const std::string& name, Target& target);
  void post(Answer answer);

  os::EventLoop& loop_;
  std::function<void(const Answer&)> answer_;
  std::map<std::string, Target, std::less<>> targets_;  ///< by the name of their lease
  std::deque<Answer> posted_;
  os::TimerId delivery_ = os::kNoTimer;
  std::uint64_t next_epoch_ = 1;
};

}  // namespace berth::proxy
