// From quiet to the end of the machine, or back.
#include "init/machine_idle.h"

#include <algorithm>
#include <utility>

namespace berth {
namespace {

std::string_view to_string(IdleAction action) {
  return action == IdleAction::suspend ? "suspend" : "stop";
}

bool asks_api(IdleAction action) {
  return action == IdleAction::stop || action == IdleAction::suspend;
}

bool is_going(const UnitRuntime& unit) {
  return unit.stop_pending || unit.life.stop_requested;
}

}  // namespace

MachineIdle::~MachineIdle() {
  p_.loop.cancel(timer_);
  p_.loop.cancel(look_);
}

void MachineIdle::say(LogLevel level, const std::string& what) {
  p_.logs.unit_line(proxy_, level, what);
}

void MachineIdle::loaded() {
  MachineIdleSpec next;
  for (const auto& [name, unit] : p_.table.all()) {
    const auto& proxy = unit->latest().proxy;
    if (proxy && !unit->removed && proxy->machine_idle.is_on()) {
      proxy_ = name;
      next = proxy->machine_idle;
    }
  }
  if (std::exchange(spec_, next) == next)
    return;
  if (asks_api(spec_.action) && !world_.lack().empty())
    say(LogLevel::warning, "[proxy.idle] action \"" + std::string(to_string(spec_.action)) +
                               "\" only runs the jobs of idleness: " + world_.lack());
  quiet_since_ = p_.loop.now();
  stay_up();
}

void MachineIdle::on_activity(const std::string& proxy, const control::Activity& activity) {
  if (activity.busy) {
    busy_.insert(proxy);
    return used();
  }
  busy_.erase(proxy);
  quiet_since_ = std::max(quiet_since_, p_.loop.now() - activity.quiet_for);
  if (phase_ == Phase::watching)
    watch();
}

void MachineIdle::used() {
  if (may_sleep())
    return p_.triggers.woke();  // and so woke()
  if (phase_ == Phase::emptying || phase_ == Phase::working)
    say(LogLevel::info, "somebody has come: the machine stays up");
  stay_up();
}

bool MachineIdle::may_sleep() const {
  return spec_.action == IdleAction::suspend && (phase_ == Phase::asking || phase_ == Phase::told);
}

void MachineIdle::woke() {
  quiet_since_ = p_.loop.now();
  stay_up();
}

void MachineIdle::stay_up() {
  phase_ = Phase::watching;
  watch();
  for (const std::string& name : std::exchange(stopped_, {}))
    if (UnitRuntime* tenant = p_.table.find(name); tenant != nullptr && !tenant->removed)
      if (const auto started = p_.manager.want_up(*tenant); !started)
        p_.logs.unit_line(name, LogLevel::warning, started.error().message);
}

void MachineIdle::watch() {
  p_.loop.disarm(timer_);
  if (spec_.is_on() && busy_.empty())
    set_timer(quiet_since_ + spec_.timeout);
}

void MachineIdle::set_timer(os::TimePoint when) {
  p_.loop.cancel(timer_);
  timer_ = p_.loop.at(when, [this] {
    timer_ = os::kNoTimer;
    time_over();
  });
}

void MachineIdle::time_over() {
  if (p_.shutdown.requested())
    return;
  if (is_kept_up())
    return set_timer(p_.loop.now() + spec_.timeout);
  if (phase_ == Phase::watching)
    say(LogLevel::info, "no request for " + format_duration(spec_.timeout));
  else if (phase_ == Phase::told)
    say(LogLevel::warning, "the machine is still up: once more");
  if (phase_ != Phase::working)
    phase_ = Phase::emptying;
  empty();
}

bool MachineIdle::is_kept_up() const {
  return std::any_of(p_.table.all().begin(), p_.table.all().end(), [](const auto& entry) {
    const UnitRuntime& unit = *entry.second;
    return unit.is_tenant() && unit.pinned && unit.is_alive_or_wanted();
  });
}

// Who does not go now is asked again after another `timeout`, unless somebody uses it.
void MachineIdle::empty() {
  set_timer(p_.loop.now() + spec_.timeout);
  for (const auto& [name, unit] : p_.table.all()) {
    if (!unit->is_tenant() || !unit->is_alive_or_wanted() || is_going(*unit))
      continue;
    p_.leases.vacate(*unit, [this, name = name] { let_go(name); });
  }
  look_soon();
}

void MachineIdle::let_go(const std::string& name) {
  UnitRuntime* const tenant = p_.table.find(name);
  if (tenant == nullptr)
    return;
  if (tenant->unit.info.start == StartWhen::boot) {
    if (phase_ != Phase::emptying && phase_ != Phase::working)
      return;  // somebody has come
    stopped_.insert(name);
  }
  p_.manager.want_down(*tenant, "nobody uses the machine");
}

void MachineIdle::on_state(const UnitRuntime& unit) {
  if ((phase_ == Phase::emptying && unit.is_tenant()) ||
      (phase_ == Phase::working && unit.is_job()))
    look_soon();
}

// Not at once: what a change of state leads to is still to come in this turn.
void MachineIdle::look_soon() {
  if (look_ != os::kNoTimer)
    return;
  look_ = p_.loop.after(Milliseconds(0), [this] {
    look_ = os::kNoTimer;
    go_on();
  });
}

bool MachineIdle::tenants_rest() const {
  return std::none_of(p_.table.all().begin(), p_.table.all().end(), [](const auto& entry) {
    return entry.second->is_tenant() && entry.second->is_alive_or_wanted();
  });
}

bool MachineIdle::jobs_rest() const {
  return std::none_of(p_.table.all().begin(), p_.table.all().end(), [](const auto& entry) {
    const JobRuntime* job = entry.second->job_data();
    return entry.second->is_job() &&
           (entry.second->is_alive_or_wanted() || (job != nullptr && job->again));
  });
}

void MachineIdle::go_on() {
  if (p_.shutdown.requested())
    return;
  if (phase_ == Phase::emptying && tenants_rest()) {
    phase_ = Phase::working;
    p_.triggers.fire_all(JobTrigger::idle);
    return look_soon();
  }
  if (phase_ != Phase::working || !jobs_rest())
    return;
  if (tenants_rest())
    return act();
  phase_ = Phase::emptying;  // one was started meanwhile
  time_over();
}

void MachineIdle::act() {
  p_.loop.disarm(timer_);
  if (spec_.action == IdleAction::exit)
    return world_.shut_down("no request for " + format_duration(spec_.timeout));
  if (!asks_api(spec_.action) || !world_.lack().empty()) {
    phase_ = Phase::rested;
    return;
  }
  phase_ = Phase::asking;
  world_.ask(spec_,
             [this, round = ++round_](const Result<void>& asked) { answered(round, asked); });
}

void MachineIdle::answered(std::uint64_t round, const Result<void>& asked) {
  // Somebody has come meanwhile.
  if (phase_ != Phase::asking || round != round_)
    return;
  const std::string action(to_string(spec_.action));
  if (!asked) {
    say(LogLevel::warning, "[proxy.idle] action \"" + action + "\": " + asked.error().message +
                               "; tried again after another " + format_duration(spec_.timeout));
    quiet_since_ = p_.loop.now();
    return stay_up();
  }
  say(LogLevel::info, "the machine has been asked to " + action);
  phase_ = Phase::told;
  set_timer(p_.loop.now() + spec_.timeout);
}

}  // namespace berth
