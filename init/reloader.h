// Reloader: from unit files to the table of units, at boot and again at each reload, and from there
// to the proxies.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "init/activation.h"
#include "init/cleaner.h"
#include "init/idle_watch.h"
#include "init/launcher.h"
#include "init/leases.h"
#include "init/maintenance.h"
#include "init/manager.h"
#include "init/memory_keeper.h"
#include "init/proxy_links.h"
#include "init/settings.h"
#include "init/unit_table.h"
#include "units/catalog.h"
#include "units/catalog_diff.h"

namespace berth {

class Reloader {
 public:
  struct Parts {
    os::EventLoop& loop;
    UnitTable& table;
    Manager& manager;
    Leases& leases;
    Launcher& launcher;
    ProxyLinks& proxies;
    LogHub& logs;
    Cleaner& cleaner;
    const Settings& settings;
    Activation& activation;
    IdleWatch& idle;
    Cgroups& groups;
    MemoryKeeper& memory;
  };
  explicit Reloader(Parts parts) : p_(parts) {}

  /// The first load: what is right boots, what is wrong is reported.
  void boot();
  /// Reads all unit files again and applies them as one step; an error that was not there before
  /// changes nothing. Returns what changed, for people.
  /// by: the job whose run asks for it, null = none.
  Result<std::vector<std::string>> reload(const UnitRuntime* by = nullptr);
  /// Is told after each reload that was applied.
  void set_on_applied(std::function<void(const UnitRuntime* by)> on_applied) {
    on_applied_ = std::move(on_applied);
  }
  /// The same; then what still runs as it was defined earlier, and would until it is idle, stops.
  Result<std::vector<std::string>> reload_now();
  /// What a reload would change; it is not done.
  Result<std::vector<std::string>> dry_run() const;
  /// Hands every proxy its route table, if it has changed.
  void push_routes();
  /// After every change of state of a job: it may have ended the maintenance.
  void on_job(const UnitRuntime& job);
  /// After every change of state: forgets units that a reload removed.
  void on_state(UnitRuntime& unit);

  const BerthConfig& config() const { return config_; }
  /// What is rejected now.
  const std::vector<LoadError>& errors() const { return errors_; }
  /// "file:line:column: message" of everything that is rejected now.
  std::vector<std::string> error_lines() const;
  /// The admin's word on the maintenance page of `proxy`; at once.
  void switch_maintenance(const std::string& proxy, bool on);
  /// The machine has slept.
  void resumed();
  /// Whether some proxy shows its maintenance page.
  bool in_maintenance() const;
  /// Whether some proxy shows it until this job has succeeded.
  bool ends_maintenance(const UnitRuntime& job) const;

 private:
  Definitions definitions() const;
  CatalogDiff difference(const Catalog& next) const;
  bool takes_limits(const Unit& next) const;
  Result<std::vector<std::string>> judge(const CatalogDiff& diff, std::size_t most) const;
  void replace(UnitRuntime& unit);
  /// The units of the table are those that the files name.
  void take_over(Catalog& catalog);
  /// All but the units; `catalog` is empty afterwards.
  void adopt_settings(Catalog& catalog);
  void apply(const CatalogDiff& diff, Catalog& next);
  void add(Unit unit, bool stock);
  void change(UnitRuntime& runtime, Unit unit);
  void change_in_place(UnitRuntime& runtime, Unit unit);
  void remove(UnitRuntime& unit);
  void start_at_boot(std::vector<UnitRuntime*> units);
  void rebuild_order();
  std::vector<const Unit*> units_of(UnitKind kind) const;
  /// Who this machine is to the visitors of `proxy`; empty = nobody. What is lacking is logged
  /// once.
  std::string machine_for(const Unit& proxy);

  Parts p_;
  BerthConfig config_;
  std::vector<LoadError> errors_;
  Maintenance maintenance_{p_.table};
  std::function<void(const UnitRuntime* by)> on_applied_;
};

}  // namespace berth
