// Metrics: what the proxy counts of its requests, and whom it tells: Prometheus, with what PID 1
// counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "init/os/event_loop.h"
#include "proxy/counters.h"
#include "proxy/intrusive_list.h"
#include "proxy/lease.h"
#include "units/figures.h"

namespace berth::proxy {

/// The requests of one class: a template's instances, a service, or what the proxy answers itself.
struct RequestFigures {
  std::vector<std::pair<int, std::uint64_t>> by_status;  ///< few: searched from the front
  DurationFigures durations;
  std::uint64_t held = 0;  ///< of them, waited for their unit to start

  void count(int status, std::chrono::microseconds duration);
};

/// A request for the metrics that waits for PID 1's part. Leaves by itself when it dies.
class FiguresWaiter : public ListNode {
 public:
  virtual ~FiguresWaiter() = default;
  virtual void on_figures(const SystemFigures& figures) noexcept = 0;
};

class Metrics {
 public:
  Metrics(os::EventLoop& loop, ControlSender& control) : loop_(loop), control_(control) {}
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Stays where it is as long as the process lives.
  RequestFigures& of(std::string_view class_name);
  const std::map<std::string, RequestFigures, std::less<>>& all() const { return classes_; }

  /// on_figures() follows, at once if PID 1 has told them within the last second.
  void ask(FiguresWaiter& waiter);
  void on_figures(SystemFigures figures);

 private:
  os::EventLoop& loop_;
  ControlSender& control_;
  std::map<std::string, RequestFigures, std::less<>> classes_;
  std::optional<SystemFigures> last_;
  os::TimePoint last_at_;
  os::TimePoint asked_at_;
  IntrusiveList<FiguresWaiter> waiters_;
};

/// How it is at this moment.
struct ProxyGauges {
  std::uint64_t connections = 0;
  std::uint64_t waiting = 0;  ///< requests in waiting rooms
  std::uint64_t lines_dropped = 0;
  bool maintenance = false;
  Counters counters;
};

/// The text format of Prometheus, version 0.0.4.
std::string metrics_text(const Metrics& metrics, const ProxyGauges& gauges,
                         const SystemFigures& figures);

}  // namespace berth::proxy
