// BusLink: a running berth over D-Bus, by the admin socket of its run directory.
#pragma once

#include <memory>

#include "init/ctl/berth_link.h"

namespace sdbus {
class IConnection;
}

namespace berth::ctl {

/// RUN_DIR/admin.sock.
std::string admin_socket(const std::string& run_dir);

class BusLink final : public BerthLink {
 public:
  /// Connects and waits for the handshake.
  static Result<std::unique_ptr<BusLink>> connect(const std::string& run_dir);
  ~BusLink() override;

  Result<std::vector<UnitRow>> list_units() override;
  Result<std::vector<TenantRow>> list_tenants() override;
  Result<UnitDetails> status(const std::string& unit) override;
  Result<SystemInfo> system() override;
  Result<UnitGraph> graph() override;
  Result<LogExcerpt> log(const std::string& unit, std::uint32_t lines) override;
  Result<std::pair<LogExcerpt, os::UniqueFd>> follow_log(const std::string& unit,
                                                         std::uint32_t lines) override;
  Result<FollowedStates> follow_states() override;
  Result<MemoryReport> measure_memory() override;
  Result<std::string> begin_job(JobVerb verb, const std::string& unit) override;
  Result<JobOutcome> wait_job(const std::string& job) override;
  Result<ReloadOutcome> reload(ReloadMode mode) override;
  Result<void> shutdown(bool reboot) override;

 private:
  class Proxy;
  explicit BusLink(std::string run_dir);
  Result<void> open();
  void close();

  std::string run_dir_;
  std::unique_ptr<sdbus::IConnection> connection_;
  std::unique_ptr<Proxy> proxy_;  ///< uses connection_; null once something is followed
};

}  // namespace berth::ctl
