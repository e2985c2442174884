// The order of the end.
#include "init/shutdown.h"

#include <algorithm>

#include "init/log.h"

namespace berth {
namespace {

/// At the end of the time, for a helper to write down what was cut short.
constexpr Milliseconds kMostForRecord{500};
constexpr int kPartForRecord = 10;

/// Runs, or would begin to when its turn comes.
bool has_to_stop(const UnitRuntime& unit) {
  return unit.wanted_up || !is_at_rest(unit.state);
}

}  // namespace

Shutdown::~Shutdown() {
  for (const os::TimerId timer : timers_)
    loop_.cancel(timer);
}

void Shutdown::request(const BerthConfig& config, const std::string& why) {
  if (requested())
    return hurry(why);
  log_info("shutting down: " + why);
  phase_ = Phase::tenants;
  const Milliseconds all = config.shutdown_timeout + config.shutdown_after_stop;
  // What is known at the end has to be written within the time, too.
  const Milliseconds last =
      record_ ? std::min(kMostForRecord, all / kPartForRecord) : Milliseconds(0);
  const Milliseconds half = config.shutdown_timeout / 2;
  half_ = loop_.now() + half;
  end_ = loop_.now() + all;
  limit_tenants();
  timers_.push_back(loop_.after(half, [this] { run_last_jobs(); }));
  timers_.push_back(loop_.after(half + config.shutdown_after_stop, [this] { stop_rest(); }));
  timers_.push_back(loop_.after(all - last, [this] { give_up(); }));
  if (record_)
    timers_.push_back(loop_.after(all, [this] {
      log_error("what was cut short could not be kept in time");
      end();
    }));
  manager_.refuse_starts();
  if (triggers_ != nullptr)
    triggers_->close();
  leases_.shut_down();
  for (const auto& [name, unit] : table_.all())
    if (unit->is_tenant() && has_to_stop(*unit))
      manager_.want_down(*unit, "shutdown");
  go_on();
}

std::vector<const Unit*> Shutdown::units_up(bool tenants, bool others) const {
  std::vector<const Unit*> units;
  for (const auto& [name, unit] : table_.all())
    if (!is_at_rest(unit->state) && (unit->is_tenant() ? tenants : others))
      units.push_back(&unit->unit);
  return units;
}

// SIGKILL comes at half of the timeout at the latest, so that after_stop gets the rest. A tenant's
// stop is followed by that of what it requires, so these are shares of one time.
void Shutdown::limit_tenants() {
  const StopShares rest(units_up(false, true), manager_.order(), Milliseconds(0));
  StopShares tenants(units_up(true, false), manager_.order(), rest.longest());
  const auto half = std::chrono::floor<Milliseconds>(half_ - loop_.now());
  if (rest.longest().count() > 0)
    rest_share_ = Milliseconds(static_cast<Milliseconds::rep>(
        static_cast<double>(half.count()) * static_cast<double>(rest.longest().count()) /
        static_cast<double>(tenants.longest().count())));
  manager_.limit_stops(half_, std::move(tenants));
}

// Tenants stop within their share; what after_stop and jobs have taken beyond it is made good, as
// long as that leaves as much again for the after_stop of the rest. A job that is cut short at the
// half has had no share: it is not killed in the moment in which it is told to end.
void Shutdown::limit_rest() {
  const os::TimePoint now = loop_.now();
  const auto left = std::max(end_ - now, os::TimePoint::duration(0));
  const os::TimePoint::duration least = now < half_ ? os::TimePoint::duration(0) : left / 4;
  const os::TimePoint later =
      now + std::clamp<os::TimePoint::duration>(rest_share_, least, left / 2);
  manager_.limit_stops(std::max(half_, later),
                       StopShares(units_up(true, true), manager_.order(), Milliseconds(0)));
}

void Shutdown::hurry(const std::string& why) {
  if (phase_ == Phase::over)
    return end();
  log_warning(why + ": everything that is left is killed");
  for (const std::string& name : left_jobs())
    cut_short(name, "left out or killed, because berth was told to hurry");
  hurries_ = true;
  for (const auto& [name, unit] : table_.all())
    if (is_alive(unit->state) || unit->life.aux)
      cut_short(name, "killed while it was " + std::string(to_string(unit->state)) +
                          ", because berth was told to hurry");
  manager_.kill_all();
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
  for (const std::string& name : left_jobs())
    cut_short(name, "the time for jobs of the shutdown was over");
  limit_rest();
  for (const auto& [name, unit] : table_.all())
    if (has_to_stop(*unit))
      manager_.want_down(*unit, "shutdown");
  go_on();
}

std::optional<std::string> Shutdown::on_state(const UnitRuntime& unit) {
  auto why = outcome_.on_state(unit, requested());
  note_early_kill(unit);
  go_on();
  return requested() ? std::nullopt : std::move(why);
}

void Shutdown::go_on() {
  if (phase_ == Phase::tenants && all_at_rest(true))
    run_last_jobs();
  if (phase_ == Phase::jobs && left_jobs().empty())
    stop_rest();
  if (phase_ == Phase::rest && all_at_rest(false))
    finish();
}

void Shutdown::note_early_kill(const UnitRuntime& unit) {
  const auto& had = unit.life.stop_cut_to;
  if (requested() && unit.state == UnitState::killing && had)
    cut_short(unit.name(), "killed after " + format_duration(*had) +
                               ", its share of [shutdown] timeout; its stop_timeout is " +
                               format_duration(unit.unit.service.stop_timeout));
}

void Shutdown::cut_short(const std::string& unit, const std::string& how) {
  if (cut_short_.try_emplace(unit, how).second)
    log_error(unit + " is cut short: " + how);
}

void Shutdown::give_up() {
  if (phase_ == Phase::over)
    return;
  for (const auto& [name, unit] : table_.all())
    if (!is_at_rest(unit->state))
      cut_short(name, "the shutdown timeout was over while it was " +
                          std::string(to_string(unit->state)));
  manager_.kill_all();
  finish();
}

void Shutdown::finish() {
  phase_ = Phase::over;
  if (!record_)
    return end();
  std::vector<std::string> lines;
  for (const auto& [unit, how] : cut_short_)
    lines.push_back(unit + ": " + how);
  record_(lines, [this] { end(); });
}

void Shutdown::end() {
  is_over_ = true;
  loop_.stop();
}

}  // namespace berth
