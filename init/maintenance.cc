// Who has the last word: the admin.
#include "init/maintenance.h"

namespace berth {

bool Maintenance::is_on(const Unit& proxy) const {
  const auto found = states_.find(proxy.name.str());
  const State state = found == states_.end() ? State() : found->second;
  if (state.on || state.off)
    return state.on;
  const std::string& until = proxy.proxy->maintenance_until;
  const UnitRuntime* job = until.empty() ? nullptr : table_.find(until);
  const bool waits = !until.empty() && (job == nullptr || !job->job_succeeded || state.armed);
  return proxy.proxy->maintenance_enabled || waits;
}

void Maintenance::switch_to(const std::string& proxy, bool on) {
  State& state = states_[proxy];
  state.on = on;
  state.off = !on;
}

bool Maintenance::resumed(const std::vector<const Unit*>& proxies) {
  bool some = false;
  for (const Unit* proxy : proxies) {
    if (!proxy->proxy->maintenance_until_resume)
      continue;
    State& state = states_[proxy->name.str()];
    state.armed = some = true;
    state.off = false;
  }
  return some;
}

void Maintenance::succeeded(const std::string& job, const std::vector<const Unit*>& proxies) {
  for (const Unit* proxy : proxies) {
    const auto found = states_.find(proxy->name.str());
    if (found != states_.end() && proxy->proxy->maintenance_until == job)
      found->second.armed = false;
  }
}

}  // namespace berth
