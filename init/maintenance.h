// Maintenance: whose dynamic requests get the maintenance page, as the unit file, the jobs and the
// admin say.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "init/unit_table.h"
#include "units/unit.h"

namespace berth {

class Maintenance {
 public:
  explicit Maintenance(const UnitTable& table) : table_(table) {}

  /// Whether `proxy` shows its page now.
  bool is_on(const Unit& proxy) const;
  /// The admin's word. On stands until off; off also counts against `enabled` and `until`, the
  /// latter until it is armed again.
  void switch_to(const std::string& proxy, bool on);
  /// The machine has slept: what says `until_resume` waits for its job again. Whether some does.
  bool resumed(const std::vector<const Unit*>& proxies);
  /// A job has succeeded: what waits for it waits no more.
  void succeeded(const std::string& job, const std::vector<const Unit*>& proxies);

 private:
  struct State {
    bool on = false;     ///< by the admin
    bool off = false;    ///< by the admin
    bool armed = false;  ///< since a resume
  };
  const UnitTable& table_;
  std::map<std::string, State> states_;  ///< by proxy; of those that were ever switched or armed
};

}  // namespace berth
