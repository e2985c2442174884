// FakeUnitActions: units without processes. What Manager orders happens at once, or, where a test
// says so, when the test lets it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "init/os/event_loop.h"
#include "init/unit_actions.h"
#include "init/unit_table.h"
#include "units/exit_policy.h"

namespace berth {

class FakeUnitActions final : public UnitActions {
 public:
  enum class Step { prepare, spawn, terminate, kill, clean };

  FakeUnitActions(os::EventLoop& loop, UnitTable& table) : loop_(loop), table_(table) {}

  /// From now on that step of the unit waits for the test.
  void hold(const UnitRuntime& unit, Step step) { held_.insert({unit.name(), step}); }
  void unhold(const UnitRuntime& unit, Step step) { held_.erase({unit.name(), step}); }
  /// What was ordered since the last call: "prepare redis", "spawn redis", …
  std::vector<std::string> take() { return std::exchange(orders_, {}); }

  // What a test lets happen.
  void prepared(UnitRuntime& unit) { table_.post(unit, UnitEvent::prepared); }
  /// A condition does not hold.
  void skips(UnitRuntime& unit, std::string reason) {
    unit.reason = std::move(reason);
    dirty_.erase(unit.name());
    table_.post(unit, UnitEvent::skip);
  }
  void ready(UnitRuntime& unit) { table_.post(unit, UnitEvent::ready); }
  /// The main process ends, or cannot be executed.
  void exits(UnitRuntime& unit, int code) {
    ExitFacts facts;
    facts.value = code;
    end(unit, facts);
  }
  void cannot_start(UnitRuntime& unit, std::string reason) {
    unit.reason = std::move(reason);
    ExitFacts facts;
    facts.value = 1;
    facts.never_started = true;
    unit.life.verdict = judge(unit, facts);
    has_process_.erase(unit.name());
    table_.post(unit, UnitEvent::spawn_failed);
  }
  void cleaned(UnitRuntime& unit) {
    loop_.cancel(unit.deadline);
    unit.deadline = os::kNoTimer;
    if (unit.life.verdict == Verdict::retry && !unit.wanted_up)
      unit.life.verdict = Verdict::stopped;
    table_.post(unit, cleaned_event(unit.life.verdict));
  }
  void deadline_passes(UnitRuntime& unit) { table_.post(unit, UnitEvent::timeout); }

  bool has_process(const UnitRuntime& unit) const { return has_process_.contains(unit.name()); }
  /// Orders that contradict each other: a second main process, a life over an unclean one.
  const std::vector<std::string>& contradictions() const { return contradictions_; }

  void stop_by(UnitRuntime& unit, os::TimePoint when) override {
    unit.life.stop_by = when;
    const Milliseconds limit = std::chrono::ceil<Milliseconds>(when - loop_.now());
    if (limit < unit.unit.service.stop_timeout)
      unit.life.stop_cut_to = limit;
  }
  void prepare(UnitRuntime& unit) override {
    order("prepare", unit);
    if (has_process(unit) || dirty_.contains(unit.name()))
      contradictions_.push_back("a second life of " + unit.name());
    unit.life = UnitLife{};
    unit.life.epoch = table_.next_epoch();
    unit.reason.clear();
    dirty_.insert(unit.name());
    if (!is_held(unit, Step::prepare))
      prepared(unit);
  }
  void spawn(UnitRuntime& unit) override {
    order("spawn", unit);
    if (!has_process_.insert(unit.name()).second)
      contradictions_.push_back("a second main process of " + unit.name());
    if (!is_held(unit, Step::spawn))
      ready(unit);
  }
  void announce(UnitRuntime& unit) override { order("announce", unit); }
  Result<void> run_reload_command(UnitRuntime& unit) override {
    order("reload", unit);
    return {};
  }
  void terminate(UnitRuntime& unit) override {
    order("terminate", unit);
    unit.life.stop_sent = true;
    if (!is_held(unit, Step::terminate))
      exits(unit, 0);
  }
  void kill(UnitRuntime& unit) override {
    order("kill", unit);
    unit.life.stop_sent = true;
    if (has_process(unit) && !is_held(unit, Step::kill))
      exits(unit, 137);
  }
  bool hand_over(UnitRuntime& unit) override {
    if (unit.unit.kind != UnitKind::proxy)
      return false;
    order("hand over", unit);
    return true;
  }
  void clean(UnitRuntime& unit) override {
    order("clean", unit);
    if (has_process(unit))
      contradictions_.push_back("cleaning while the main process of " + unit.name() + " lives");
    dirty_.erase(unit.name());
    if (!is_held(unit, Step::clean))
      cleaned(unit);
  }

 private:
  void order(const char* what, const UnitRuntime& unit) {
    orders_.push_back(std::string(what) + " " + unit.name());
  }
  bool is_held(const UnitRuntime& unit, Step step) const {
    return held_.contains({unit.name(), step});
  }
  Verdict judge(UnitRuntime& unit, ExitFacts facts) const {
    facts.stop_sent = unit.life.stop_sent;
    facts.wanted_up = !unit.life.stop_requested;
    const auto now = loop_.now().time_since_epoch();
    return classify_exit(unit.unit, facts, unit.history,
                         std::chrono::duration_cast<Milliseconds>(now));
  }
  void end(UnitRuntime& unit, const ExitFacts& facts) {
    has_process_.erase(unit.name());
    unit.life.exit_code = facts.value;
    unit.life.verdict = judge(unit, facts);
    unit.last_exit = "exit status " + std::to_string(facts.value);
    const bool bad = unit.life.verdict == Verdict::failed || unit.life.verdict == Verdict::retry;
    if (bad && unit.reason.empty())
      unit.reason = unit.last_exit;
    if (unit.is_job() && unit.life.verdict == Verdict::done)
      unit.job_succeeded = true;
    table_.post(unit, exit_event(unit.life.verdict));
  }

  os::EventLoop& loop_;
  UnitTable& table_;
  std::set<std::pair<std::string, Step>> held_;
  std::set<std::string> has_process_;
  std::set<std::string> dirty_;  ///< a life was begun and is not cleaned
  std::vector<std::string> orders_;
  std::vector<std::string> contradictions_;
};

}  // namespace berth
