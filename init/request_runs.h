// RequestRuns: jobs that clients of a proxy start, one run at a time each.
//
// PID 1 hands two pipes on and neither reads nor writes them. A proxy may name only what a route of
// the table that it has names; the client that leaves, and the proxy that ends, end the run.
#pragma once

#include <string>
#include <vector>

#include "init/proxy_links.h"
#include "init/unit_requests.h"
#include "init/unit_table.h"

namespace berth {

class RequestRuns final : public ProxyLinks::Runner {
 public:
  RequestRuns(UnitTable& table, ProxyLinks& links, UnitRequests& requests)
      : table_(table), links_(links), requests_(requests) {}

  bool run(const std::string& proxy, control::RunJob& message,
           std::vector<os::UniqueFd>& pipes) override;
  void stop_run(const std::string& proxy, std::uint32_t id) override;
  void proxy_gone(const std::string& proxy) override;
  /// After every change of state of a job.
  void on_state(UnitRuntime& job);

 private:
  control::RunPhase start(const std::string& proxy, control::RunJob& message,
                          std::vector<os::UniqueFd>& pipes);
  void stop(UnitRuntime& job);
  void end(UnitRuntime& job, control::RunPhase phase);
  /// The jobs with a request of this proxy.
  std::vector<UnitRuntime*> jobs_of(const std::string& proxy) const;

  UnitTable& table_;
  ProxyLinks& links_;
  UnitRequests& requests_;
  std::vector<std::string> running_;  ///< the jobs that have a request
};

}  // namespace berth
