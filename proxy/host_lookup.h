// HostLookup: one look-up of a host's name, in a process of its own that ends with it: the name
// services may take long.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "init/os/event_loop.h"
#include "units/values.h"

namespace berth::proxy {

class HostLookup final : public os::FdHandler {
 public:
  /// The addresses, or why there are none. Called once, and not before the next turn of the loop.
  using Done = std::function<void(Result<std::vector<Address>> addresses)>;

  /// `done` may destroy it.
  HostLookup(os::EventLoop& loop, std::string host, std::uint16_t port, Done done);
  ~HostLookup() override;
  HostLookup(const HostLookup&) = delete;
  HostLookup& operator=(const HostLookup&) = delete;

  void on_events(os::Events events) noexcept override;

 private:
  Result<void> start(std::uint16_t port);
  void finish(Result<std::vector<Address>> addresses);

  os::EventLoop& loop_;
  std::string host_;
  Done done_;
  os::UniqueFd socket_;
  os::TimerId timer_ = os::kNoTimer;
};

}  // namespace berth::proxy
