// Loading and reloading units.
#include "init/reloader.h"

#include <malloc.h>

#include "init/log.h"

namespace berth {

void Reloader::boot() {
  catalog_ = load_units(p_.settings.folders);
  set_log_level(catalog_.config.log_level);
  for (const std::string& line : error_lines())
    log_error(line);
  for (const auto& [name, unit] : catalog_.units)
    add(unit);
  rebuild_order();
  p_.launcher.set_proxies(proxies());
  p_.leases.set_limits(catalog_.config.max_running, catalog_.config.max_starting);
  push_routes();
  for (const auto& [name, unit] : p_.table.all())
    if (!unit->stock && unit->unit.info.start == StartWhen::boot)
      if (const auto started = p_.manager.want_up(*unit); !started)
        p_.logs.unit_line(name, LogLevel::error, started.error().message);
  // What reading took is given back: it is several times what is kept.
  ::malloc_trim(0);
}

std::vector<std::string> Reloader::error_lines() const {
  std::vector<std::string> lines;
  for (const LoadError& error : catalog_.errors)
    lines.push_back(error.str());
  return lines;
}

Result<std::vector<std::string>> Reloader::judge(const CatalogDiff& diff) {
  if (diff.new_errors.empty())
    return diff.lines();
  std::string text;
  for (const LoadError& error : diff.new_errors)
    text += (text.empty() ? "" : "\n") + error.str();
  return Error{ErrorCode::invalid, std::move(text)};
}

Result<std::vector<std::string>> Reloader::check() const {
  return judge(compare(catalog_, load_units(p_.settings.folders)));
}

Result<std::vector<std::string>> Reloader::reload() {
  Catalog next = load_units(p_.settings.folders);
  const CatalogDiff diff = compare(catalog_, next);
  auto lines = judge(diff);
  if (!lines) {
    log_error("reload: nothing was changed, because of\n" + lines.error().message);
    return lines;
  }
  catalog_ = std::move(next);
  apply(diff);
  log_info("reload: " + std::to_string(diff.added.size()) + " units added, " +
           std::to_string(diff.changed.size()) + " changed, " +
           std::to_string(diff.removed.size()) + " removed");
  for (const LoadError& error : catalog_.errors)
    log_error("still rejected: " + error.str());
  ::malloc_trim(0);
  return lines;
}

void Reloader::apply(const CatalogDiff& diff) {
  for (const std::string& name : diff.added)
    add(*catalog_.find(name));
  for (const std::string& name : diff.changed)
    change(*catalog_.find(name));
  rebuild_order();
  p_.launcher.set_proxies(proxies());
  p_.leases.set_limits(catalog_.config.max_running, catalog_.config.max_starting);
  // The routes go first: a removed instance gets no new request while it finishes the ones it has.
  push_routes();
  for (const std::string& name : diff.removed)
    if (UnitRuntime* unit = p_.table.find(name))
      remove(*unit);
  p_.proxies.keep_listeners_of(proxies());
  for (const std::string& name : diff.added) {
    UnitRuntime* unit = p_.table.find(name);
    if (unit != nullptr && !unit->stock && unit->unit.info.start == StartWhen::boot)
      if (const auto started = p_.manager.want_up(*unit); !started)
        p_.logs.unit_line(name, LogLevel::error, started.error().message);
  }
}

void Reloader::add(const Unit& unit) {
  UnitRuntime* old = p_.table.find(unit.name.str());
  if (old != nullptr) {
    // Removed by an earlier reload and still stopping: it comes back as what it is now.
    old->removed = false;
    change(unit);
    return;
  }
  UnitRuntime& added = p_.table.add(unit);
  const auto stock = catalog_.stock.find(unit.name.str());
  added.stock = stock != catalog_.stock.end() && stock->second;
}

void Reloader::change(const Unit& unit) {
  UnitRuntime* runtime = p_.table.find(unit.name.str());
  if (runtime == nullptr)
    return;
  if (is_at_rest(runtime->state)) {
    runtime->unit = unit;
    return;
  }
  runtime->changed = unit;
  // A tenant finishes its life, a job its run, and a proxy takes its new table as it runs; what a
  // proxy's process itself is made of needs a new one.
  const bool restarts =
      unit.kind == UnitKind::service ||
      (unit.kind == UnitKind::proxy && (runtime->unit.proxy->listen != unit.proxy->listen ||
                                        runtime->unit.process.user != unit.process.user));
  if (restarts) {
    if (const auto restarted = p_.manager.restart(*runtime); !restarted)
      p_.logs.unit_line(runtime->name(), LogLevel::error, restarted.error().message);
  } else if (unit.kind == UnitKind::proxy) {
    runtime->unit = unit;
    runtime->changed.reset();
  }
}

void Reloader::remove(UnitRuntime& unit) {
  unit.removed = true;
  unit.changed.reset();
  if (is_at_rest(unit.state))
    return on_state(unit);
  p_.manager.want_down(unit, "no unit file names it any more");
}

void Reloader::on_state(UnitRuntime& unit) {
  if (!unit.removed || !is_at_rest(unit.state) || unit.wanted_up)
    return;
  // Not now: whoever tells us still holds the unit.
  p_.loop.after(std::chrono::nanoseconds(0), [this, name = unit.name()] {
    UnitRuntime* gone = p_.table.find(name);
    if (gone == nullptr || !gone->removed || !is_at_rest(gone->state))
      return;
    p_.loop.cancel(gone->deadline);
    p_.leases.forget(*gone);
    p_.cleaner.forget(*gone);
    p_.logs.retire(name);
    p_.table.remove(name);
  });
}

void Reloader::rebuild_order() {
  StartOrder order;
  // A removed unit keeps its place in the order of stopping until it is gone.
  for (const auto& [name, unit] : p_.table.all())
    order.add(unit->changed ? *unit->changed : unit->unit);
  order.finish();
  p_.manager.set_order(std::move(order));
}

std::vector<const Unit*> Reloader::proxies() const {
  std::vector<const Unit*> found;
  for (const auto& [name, unit] : catalog_.units)
    if (unit.kind == UnitKind::proxy)
      found.push_back(&unit);
  return found;
}

bool Reloader::maintenance_of(const Unit& proxy) const {
  const std::string& until = proxy.proxy->maintenance_until;
  const UnitRuntime* job = until.empty() ? nullptr : p_.table.find(until);
  return proxy.proxy->maintenance_enabled ||
         (!until.empty() && (job == nullptr || !job->job_succeeded));
}

bool Reloader::in_maintenance() const {
  for (const Unit* proxy : proxies())
    if (maintenance_of(*proxy))
      return true;
  return false;
}

void Reloader::push_routes() {
  std::vector<const Unit*> tenants;
  for (const auto& [name, unit] : catalog_.units)
    if (unit.kind == UnitKind::tenant)
      tenants.push_back(&unit);
  for (const Unit* proxy : proxies())
    p_.proxies.configure(proxy->name.str(),
                         make_proxy_config(*proxy, tenants, maintenance_of(*proxy)));
}

}  // namespace berth
