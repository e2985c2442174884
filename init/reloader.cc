// Loading and reloading units.
#include "init/reloader.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "init/log.h"
#include "init/machine_api.h"
#include "init/os/errno_error.h"
#include "init/os/memory_reserve.h"
#include "init/os/startup.h"
#include "units/unit_changes.h"

namespace berth {
namespace {

/// How much of a long list a reload names, and how much one that is only tried.
constexpr std::size_t kNamed = 10, kNamedByDryRun = 1'000;

bool starts_at_boot(const UnitRuntime& unit) {
  const Unit& latest = unit.latest();
  return !unit.stock && latest.info.start == StartWhen::boot &&
         (!latest.job || latest.job->runs_on(JobTrigger::boot));
}

}  // namespace

void Reloader::boot() {
  Catalog catalog = load_units(p_.settings.folders);
  for (const LoadError& error : catalog.errors)
    log_error(error.str());
  for (auto& [name, unit] : catalog.units)
    add(std::move(unit), catalog.stock[name]);
  take_over(catalog);
  // What is kept there must not change places while berth runs.
  p_.launcher.set_state_folder(config_.state_folder);
  push_routes();
  // Visitors first: a proxy that waits for nothing is spawned before what takes its time.
  std::vector<UnitRuntime*> proxies, others;
  for (const auto& [name, unit] : p_.table.all())
    (unit->unit.kind == UnitKind::proxy ? proxies : others).push_back(unit.get());
  start_at_boot(proxies);
  start_at_boot(others);
  p_.activation.apply();
}

void Reloader::take_over(Catalog& catalog) {
  rebuild_order();
  p_.launcher.set_proxies(units_of(UnitKind::proxy));
  adopt_settings(catalog);
}

void Reloader::adopt_settings(Catalog& catalog) {
  config_ = std::move(catalog.config);
  errors_ = std::move(catalog.errors);
  catalog = Catalog{};
  set_log_level(config_.log_level);
  p_.logs.configure(config_);
  p_.leases.set_limits(config_.max_running, config_.max_starting);
  // Reading takes several times what is kept: its heap goes back, and so do the pages of its code.
  os::give_back_memory();
}

Definitions Reloader::definitions() const {
  Definitions definitions;
  for (const auto& [name, unit] : p_.table.all())
    if (!unit->removed)
      definitions[name] = &unit->latest();
  return definitions;
}

bool Reloader::takes_limits(const Unit& next) const {
  const UnitRuntime* unit = p_.table.find(next.name.str());
  return unit == nullptr || p_.groups.takes_limits(*unit, next);
}

CatalogDiff Reloader::difference(const Catalog& next) const {
  return compare(definitions(), errors_, next,
                 [this](const Unit& unit) { return takes_limits(unit); });
}

std::vector<std::string> Reloader::error_lines() const {
  std::vector<std::string> lines;
  for (const LoadError& error : errors_)
    lines.push_back(error.str());
  return lines;
}

Result<std::vector<std::string>> Reloader::judge(const CatalogDiff& diff, std::size_t most) const {
  const auto is_up = [this](const std::string& name) {
    const UnitRuntime* unit = p_.table.find(name);
    return unit != nullptr && !is_at_rest(unit->state);
  };
  if (diff.new_errors.empty())
    return diff.lines(is_up, most);
  std::string text;
  for (const LoadError& error : diff.new_errors)
    text += (text.empty() ? "" : "\n") + error.str();
  return Error{ErrorCode::invalid, std::move(text)};
}

Result<std::vector<std::string>> Reloader::dry_run() const {
  return judge(difference(load_units(p_.settings.folders)), kNamedByDryRun);
}

Result<std::vector<std::string>> Reloader::reload_now() {
  auto lines = BERTH_TRY(reload());
  for (const auto& [name, unit] : p_.table.all())
    if (unit->changed && !unit->removed && !unit->life.stop_requested &&
        unit->changed->info.on_change != OnChange::keep)
      replace(*unit);
  return lines;
}

/// The unit runs as it was defined earlier. A job has its end.
void Reloader::replace(UnitRuntime& unit) {
  if (unit.is_job())
    return;
  if (unit.is_tenant() && !unit.pinned && unit.changed->info.start != StartWhen::boot)
    return p_.manager.want_down(unit, "it is not what the unit files say now");
  if (const auto restarted = p_.manager.restart(unit); !restarted)
    p_.logs.unit_line(unit.name(), LogLevel::error, restarted.error().message);
}

Result<std::vector<std::string>> Reloader::reload(const UnitRuntime* by) {
  Catalog next = load_units(p_.settings.folders);
  const CatalogDiff diff = difference(next);
  auto lines = judge(diff, kNamed);
  if (!lines) {
    log_error("reload: nothing was changed, because of\n" + lines.error().message);
    return lines;
  }
  // What cannot be finished is not begun.
  if (os::is_memory_short())
    return os::errno_error("reload", ENOMEM);
  if (diff.empty())
    adopt_settings(next);
  else
    apply(diff, next);
  log_info("reload: " + std::to_string(diff.added.size()) + " units added, " +
           std::to_string(diff.changed.size()) + " changed, " +
           std::to_string(diff.removed.size()) + " removed");
  for (const LoadError& error : errors_)
    log_error("still rejected: " + error.str());
  if (on_applied_)
    on_applied_(by);
  return lines;
}

void Reloader::apply(const CatalogDiff& diff, Catalog& next) {
  for (const AddedUnit& unit : diff.added)
    add(std::move(next.units[unit.name]), next.stock[unit.name]);
  for (const ChangedUnit& unit : diff.changed)
    change(*p_.table.find(unit.name), std::move(next.units[unit.name]));
  take_over(next);
  for (const std::string& name : diff.removed)
    p_.table.find(name)->removed = true;
  // The routes go first: a removed instance gets no new request while it finishes the ones it has.
  push_routes();
  for (const std::string& name : diff.removed)
    remove(*p_.table.find(name));
  p_.proxies.keep_listeners_of(units_of(UnitKind::proxy));
  std::vector<UnitRuntime*> added;
  for (const AddedUnit& unit : diff.added)
    added.push_back(p_.table.find(unit.name));
  start_at_boot(added);
  p_.activation.apply();
}

void Reloader::start_at_boot(std::vector<UnitRuntime*> units) {
  std::erase_if(units, [](const UnitRuntime* unit) { return !starts_at_boot(*unit); });
  for (UnitRuntime* unit : units)
    if (unit->latest().job)
      unit->job().cause = JobTrigger::boot;
  if (const auto started = p_.manager.want_all_up(units); !started)
    log_error("nothing is started: " + started.error().message);
}

void Reloader::add(Unit unit, bool stock) {
  if (UnitRuntime* old = p_.table.find(unit.name.str())) {
    // Removed by an earlier reload and still stopping: it comes back as what it is now.
    old->removed = false;
    old->stock = stock;
    return change(*old, std::move(unit));
  }
  p_.table.add(std::move(unit)).stock = stock;
}

void Reloader::change(UnitRuntime& runtime, Unit unit) {
  if (is_at_rest(runtime.state)) {
    runtime.unit = std::move(unit);
    return;
  }
  const Adoption how = adoption(changes_between(runtime.unit, unit), unit, takes_limits(unit));
  if (how == Adoption::in_place)
    return change_in_place(runtime, std::move(unit));
  runtime.changed = std::make_unique<Unit>(std::move(unit));
  if (how == Adoption::when_idle)
    return p_.idle.replace_when_idle(runtime);
  if (how != Adoption::restart)
    return;
  if (const auto restarted = p_.manager.restart(runtime); !restarted)
    p_.logs.unit_line(runtime.name(), LogLevel::error, restarted.error().message);
}

void Reloader::change_in_place(UnitRuntime& runtime, Unit unit) {
  runtime.changed.reset();
  const Unit before = std::exchange(runtime.unit, std::move(unit));
  p_.logs.set_spec(runtime.name(), runtime.unit.log);
  p_.groups.adjust(runtime, before);
  p_.memory.on_state(runtime);
  p_.idle.on_state(runtime);
}

void Reloader::remove(UnitRuntime& unit) {
  unit.changed.reset();
  if (is_at_rest(unit.state) && !unit.wanted_up)
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
    p_.leases.forget(*gone);
    p_.activation.forget(*gone);
    p_.cleaner.forget(*gone);
    p_.logs.retire(name);
    p_.table.remove(name);
  });
}

void Reloader::rebuild_order() {
  StartOrder order;
  // A removed unit keeps its place in the order of stopping until it is gone.
  for (const auto& [name, unit] : p_.table.all())
    order.add(unit->latest());
  order.finish();
  p_.manager.set_order(std::move(order));
}

std::vector<const Unit*> Reloader::units_of(UnitKind kind) const {
  std::vector<const Unit*> found;
  for (const auto& [name, unit] : p_.table.all())
    if (!unit->removed && unit->unit.kind == kind)
      found.push_back(&unit->latest());
  return found;
}

void Reloader::switch_maintenance(const std::string& proxy, bool on) {
  maintenance_.switch_to(proxy, on);
  p_.logs.unit_line(proxy, LogLevel::info,
                    on ? "shows the maintenance page" : "shows the maintenance page no more");
  push_routes();
}

void Reloader::resumed() {
  if (maintenance_.resumed(units_of(UnitKind::proxy)))
    push_routes();
}

void Reloader::on_job(const UnitRuntime& job) {
  if (job.state == UnitState::exited)
    maintenance_.succeeded(job.name(), units_of(UnitKind::proxy));
  push_routes();
}

bool Reloader::in_maintenance() const {
  for (const Unit* proxy : units_of(UnitKind::proxy))
    if (maintenance_.is_on(*proxy))
      return true;
  return false;
}

bool Reloader::ends_maintenance(const UnitRuntime& job) const {
  const std::vector<const Unit*> proxies = units_of(UnitKind::proxy);
  return std::any_of(proxies.begin(), proxies.end(), [&](const Unit* proxy) {
    return proxy->proxy->maintenance_until == job.name();
  });
}

std::string Reloader::machine_for(const Unit& proxy) {
  UnitRuntime* const unit = p_.table.find(proxy.name.str());
  if (proxy.proxy->sticky.cookie.empty() || unit == nullptr)
    return "";
  auto name = fly_name(p_.settings, kFlyMachine);
  if (name)
    return *std::move(name);
  const std::string why = "[proxy.sticky] does nothing: " + name.error().message;
  if (unit->is_new_warning(why))
    p_.logs.unit_line(unit->name(), LogLevel::warning, why);
  return "";
}

void Reloader::push_routes() {
  std::vector<const Unit*> units = units_of(UnitKind::tenant);
  const std::vector<const Unit*> services = units_of(UnitKind::service);
  units.insert(units.end(), services.begin(), services.end());
  const std::vector<const Unit*> proxies = units_of(UnitKind::proxy);
  const bool tell_activity = std::any_of(proxies.begin(), proxies.end(), [](const Unit* proxy) {
    return proxy->proxy->machine_idle.is_on();
  });
  for (const Unit* proxy : proxies) {
    ProxyConfig config = make_proxy_config(*proxy, units, maintenance_.is_on(*proxy));
    config.tells_activity = tell_activity;
    config.machine = machine_for(*proxy);
    p_.proxies.configure(proxy->name.str(), std::move(config));
  }
}

}  // namespace berth
