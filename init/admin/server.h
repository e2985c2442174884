// Server: accepts on the admin socket, admits or closes, and ends when nobody needs it any more.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <sys/types.h>

#include "init/admin/client.h"
#include "init/admin/control_link.h"
#include "init/os/event_loop.h"
#include "init/os/fd.h"

namespace berth::admin {

class Server final : public os::FdHandler {
 public:
  struct Options {
    uid_t owner = 0;                   ///< who runs berth
    std::optional<gid_t> admin_group;  ///< nullopt = there is none
    std::size_t max_clients = 32;      ///< the next ones wait in the socket's backlog
    std::chrono::milliseconds idle_exit{10'000};
    std::chrono::milliseconds answer_time{5'000};  ///< of PID 1
    Client::Bounds client;
  };
  /// Stops `loop` after idle_exit without a client, or when PID 1 has gone. Takes the turn-end
  /// callback of `loop`.
  Server(os::EventLoop& loop, os::UniqueFd control, os::UniqueFd listener, const Options& options);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void on_events(os::Events events) noexcept override;

 private:
  void accept_some();
  void drop(Client& client);
  void settle();

  os::EventLoop& loop_;
  os::UniqueFd listener_;
  Options options_;
  ControlLink link_;
  std::vector<std::unique_ptr<Client>> clients_;
  ClientId next_client_ = 1;
  os::TimerId idle_ = os::kNoTimer;
};

}  // namespace berth::admin
