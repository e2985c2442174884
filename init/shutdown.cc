// The order of the end.
#include "init/shutdown.h"

#include <algorithm>

#include "init/log.h"

namespace berth {

Shutdown::~Shutdown() {
  for (const os::TimerId timer : timers_)
    loop_.cancel(timer);
}

void Shutdown::request(const BerthConfig& config, const std::string& why) {
  if (requested()) {
    log_warning(why + ": everything that is left is killed");
    hurries_ = true;
    manager_.kill_all();
    return;
  }
  log_info("shutting down: " + why);
  phase_ = Phase::tenants;
  const Milliseconds all = config.shutdown_timeout + config.shutdown_after_stop;
  // SIGKILL comes at half of the timeout at the latest, so that after_stop gets the rest; a
  // tenant's stop is followed by that of what it requires, so one stop may take no more than a
  // quarter.
  manager_.set_stop_cap(config.shutdown_timeout / 4);
  const Milliseconds half = config.shutdown_timeout / 2;
  timers_.push_back(loop_.after(half, [this] { run_last_jobs(); }));
  timers_.push_back(loop_.after(half + config.shutdown_after_stop, [this] { stop_rest(); }));
  timers_.push_back(loop_.after(all, [this] { give_up("the shutdown timeout is over"); }));
  manager_.refuse_starts();
  if (triggers_ != nullptr)
    triggers_->close();
  leases_.shut_down();
  for (const auto& [name, unit] : table_.all())
    if (unit->is_tenant() && !is_at_rest(unit->state))
      manager_.want_down(*unit, "shutdown");
  go_on();
}

std::vector<std::string> Shutdown::left_jobs() const {
  return triggers_ != nullptr && !hurries_ ? triggers_->left_at_shutdown()
                                           : std::vector<std::string>{};
}

bool Shutdown::all_at_rest(bool only_tenants) const {
  return std::all_of(table_.all().begin(), table_.all().end(), [&](const auto& entry) {
    const UnitRuntime& unit = *entry.second;
    return (only_tenants && !unit.is_tenant()) || is_at_rest(unit.state);
  });
}

void Shutdown::run_last_jobs() {
  if (phase_ != Phase::tenants)
    return;
  phase_ = Phase::jobs;
  if (triggers_ != nullptr && !hurries_)
    triggers_->begin_shutdown();
  go_on();
}

void Shutdown::stop_rest() {
  if (phase_ != Phase::tenants && phase_ != Phase::jobs)
    return;
  phase_ = Phase::rest;
  for (const std::string& name : left_jobs()) {
    log_error("the time for jobs of the shutdown is over: " + name + " is cut short");
    cut_short_.push_back(name);
  }
  for (const auto& [name, unit] : table_.all())
    if (!is_at_rest(unit->state))
      manager_.want_down(*unit, "shutdown");
  go_on();
}

std::optional<std::string> Shutdown::on_state(const UnitRuntime& unit) {
  auto why = outcome_.on_state(unit, requested());
  go_on();
  return requested() ? std::nullopt : std::move(why);
}

void Shutdown::go_on() {
  if (phase_ == Phase::tenants && all_at_rest(true))
    run_last_jobs();
  if (phase_ == Phase::jobs && left_jobs().empty())
    stop_rest();
  if (phase_ == Phase::rest && all_at_rest(false))
    end();
}

void Shutdown::end() {
  is_over_ = true;
  loop_.stop();
}

void Shutdown::give_up(const char* why) {
  for (const auto& [name, unit] : table_.all())
    if (!is_at_rest(unit->state)) {
      cut_short_.push_back(name);
      log_error(std::string(why) + ": " + name + " is cut short while it is " +
                std::string(to_string(unit->state)));
    }
  manager_.kill_all();
  end();
}

}  // namespace berth
