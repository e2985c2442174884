// Server: the whole of berth-proxy, wired: control socket, listeners, connections, leases.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "proxy/context.h"
#include "proxy/control_link.h"
#include "proxy/listener.h"
#include "proxy/targets.h"

namespace berth::proxy {

class Server final : public ControlHandler {
 public:
  struct Sockets {
    os::UniqueFd control;
    std::vector<os::UniqueFd> listeners;
    std::vector<os::UniqueFd> metrics;  ///< for who reads figures
  };
  /// `log`: where the access log goes.
  Server(os::EventLoop& loop, Sockets sockets, os::BorrowedFd log);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Called once, with what the first route table says: what is not needed any more can be given
  /// up.
  void set_confine(std::function<void(const ProxySpec&)> confine) { confine_ = std::move(confine); }
  /// Until it is drained or PID 1 is gone. Returns the process's exit status.
  int run();
  /// Whether run() would go on; for tests that turn the loop themselves.
  bool is_over() const { return over_; }

  const Counters& counters() const { return context_.counters; }

  void on_control(control::ToProxy& message, std::vector<os::UniqueFd>& fds) override;
  void on_control_lost() override;

 private:
  void configure(const control::Configure& message, const std::vector<os::UniqueFd>& fds);
  void take_figures(const std::vector<os::UniqueFd>& fds);
  void drain(const control::Drain& message);
  /// Closes what is idle, and has no request begin on what is not.
  void let_go() noexcept;
  void drain_over() noexcept;
  void farewell_over() noexcept { stop(0); }
  void shut_down();
  void tend() noexcept;
  void on_turn_end();
  void wake_wheel();
  void stop(int status);

  /// What relays read into; nothing in it outlives a call.
  static constexpr std::size_t kBufferSize = std::size_t{64} * 1024;

  os::EventLoop& loop_;
  std::unique_ptr<std::array<char, kBufferSize>> buffer_;
  std::string scratch_;
  DateText date_;
  Graveyard graveyard_;
  TimerWheel wheel_;
  ControlLink control_;
  UpstreamHost upstream_host_;
  CompressionRules compression_;
  Relay::Workshop workshop_;
  AccessLog log_;
  Logins logins_;
  Targets targets_;
  Leases leases_;
  Metrics metrics_;
  Activity activity_;
  Context context_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  /// Of the first of them, in order, as they were when we were started: a later route table may be
  /// that of another process.
  std::vector<Address> addresses_;
  MemberTimer<Server, &Server::tend> tend_timer_{*this};
  MemberTimer<Server, &Server::let_go> last_call_timer_{*this};
  MemberTimer<Server, &Server::drain_over> drain_timer_{*this};
  MemberTimer<Server, &Server::farewell_over> farewell_timer_{*this};
  os::TimerId wheel_timer_ = os::kNoTimer;
  os::TimePoint wheel_due_;
  std::function<void(const ProxySpec&)> confine_;
  Milliseconds farewell_{0};  ///< how long the last clients have to take their last bytes
  bool configured_ = false;
  bool over_ = false;
  int status_ = 0;
};

}  // namespace berth::proxy
