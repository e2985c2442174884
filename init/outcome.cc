// What `main` and `essential` mean.
#include "init/outcome.h"

namespace berth {

bool Outcome::has_failed(const UnitRuntime& unit) const {
  if (unit.state == UnitState::failed)
    return true;
  // Brought down, for good, by the failure of what it requires.
  const UnitRuntime* cause = unit.stopped_with.empty() ? nullptr : table_.find(unit.stopped_with);
  return unit.state == UnitState::inactive && cause != nullptr && cause->state == UnitState::failed;
}

std::optional<std::string> Outcome::on_state(const UnitRuntime& unit, bool shutting_down) {
  const UnitInfo& info = unit.unit.info;
  if ((!info.main && !info.essential) || !is_at_rest(unit.state) || unit.wanted_up)
    return std::nullopt;
  const bool failed = has_failed(unit);
  const std::string how = failed ? " failed: " + unit.reason : " ended: " + unit.last_exit;
  if (info.main && (failed || unit.state == UnitState::exited || shutting_down)) {
    const int status = unit.life.exit_code.value_or(0);
    main_status_ = failed && status == 0 ? 1 : status;
    return "the main unit " + unit.name() + how;
  }
  // A later run of a job that has succeeded once ends nothing.
  if (!info.essential || !failed || shutting_down || (unit.is_job() && unit.job_succeeded))
    return std::nullopt;
  essential_failed_ = true;
  return "the essential unit " + unit.name() + how;
}

int Outcome::exit_status(bool cut_short) const {
  const int status = main_status_.value_or(essential_failed_ ? 1 : 0);
  return status == 0 && cut_short ? 1 : status;
}

}  // namespace berth
