// Counting.
#include "init/figures.h"

#include "init/os/proc_fs.h"

namespace berth {

void Figures::on_state(const UnitRuntime& unit, UnitState from) {
  const bool failed = unit.state == UnitState::failed || unit.state == UnitState::backoff;
  const bool started = unit.state == UnitState::running && !unit.is_job();
  const bool again = from == UnitState::backoff && !is_at_rest(unit.state);
  if (!failed && !started && !again)
    return;
  ClassFigures& figures = classes_[class_of(unit.name())];
  if (failed)
    ++figures.failures;
  if (again)
    ++figures.restarts;
  if (started) {
    ++figures.starts;
    figures.start_times.add(
        std::chrono::duration_cast<std::chrono::microseconds>(unit.times.up - unit.times.begun));
  }
}

std::optional<UnitMemory> Figures::memory_of(const UnitRuntime& unit) const {
  if (const auto memory = memory_.figure(unit); memory && memory->current > 0)
    return UnitMemory{unit.name(), memory->by, memory->current};
  const auto rss = unit.life.main_pid > 0 ? os::read_rss_bytes(unit.life.main_pid) : std::nullopt;
  return rss ? std::optional(UnitMemory{unit.name(), "RSS", *rss}) : std::nullopt;
}

SystemFigures Figures::take() const {
  std::map<std::string, ClassFigures> classes = classes_;
  SystemFigures figures;
  for (const auto& [name, unit] : table_.all()) {
    ClassFigures& its_class = classes[class_of(name)];
    if (unit->state == UnitState::running)
      ++its_class.running;
    else if (!is_at_rest(unit->state) && unit->wanted_up)
      ++its_class.starting;
    if (auto memory = memory_of(*unit))
      figures.memory.push_back(*std::move(memory));
  }
  for (auto& [name, its_class] : classes) {
    its_class.name = name;
    figures.classes.push_back(std::move(its_class));
  }
  return figures;
}

}  // namespace berth
