// Reading [signals].
#include "units/signal_values.h"

#include <algorithm>

#include "units/signal_rules.h"
#include "units/suggestion.h"

namespace berth {
namespace {

using Action = SignalRule::Action;

constexpr std::string_view kTable = "[signals]";
constexpr std::string_view kForward = "forward:";
constexpr std::string_view kWanted =
    "\"forward:UNIT\", \"reload\", \"shutdown\", \"restart\" or \"ignore\"";
constexpr std::pair<std::string_view, Action> kWords[] = {{"reload", Action::reload},
                                                          {"shutdown", Action::shutdown},
                                                          {"restart", Action::restart},
                                                          {"ignore", Action::ignore}};

std::optional<SignalRule> rule_of(std::string_view text) {
  if (text.starts_with(kForward) && text.size() > kForward.size()) {
    return SignalRule{Action::forward, std::string(text.substr(kForward.size()))};
  }
  for (const auto& [word, action] : kWords) {
    if (text == word) {
      return SignalRule{action, ""};
    }
  }
  return std::nullopt;
}

/// The number of the signal that a key names; reported if berth cannot act on it.
std::optional<int> signal_of(const Member& member, Value& value) {
  const auto signal = parse_signal(member.key);
  if (!signal) {
    std::vector<std::string> names;
    for (const int each : signals_configurable()) {
      names.push_back(signal_name(each));
    }
    value.complain(member.key_at,
                   "is no signal" + did_you_mean(member.key, {names.begin(), names.end()}));
    return std::nullopt;
  }
  const std::vector<int> possible = signals_configurable();
  if (std::find(possible.begin(), possible.end(), *signal) == possible.end()) {
    value.complain(member.key_at, "is a signal that berth cannot act on");
    return std::nullopt;
  }
  return *signal;
}

void read_signal(const Member& member, LoadState& load, BerthConfig& config) {
  Scope scope;
  scope.environment = &load.context.environment;
  Reading reading{load.errors, load.references, scope, load.context.memory_total, ""};
  Value value(member.value, member.key, kTable, reading);
  const auto signal = signal_of(member, value);
  const auto text = value.text_of(member.value, kWanted);
  const auto rule = text ? rule_of(*text) : std::nullopt;
  if (text && !rule) {
    value.mismatch(member.value, kWanted, *text, "");
  }
  if (!signal || !rule) {
    return;
  }
  if (!config.signals.emplace(*signal, *rule).second) {
    value.complain(member.key_at, "is a second name of " + signal_name(*signal));
    return;
  }
  if (rule->action == Action::forward) {
    load.references.push_back({"", UnitReference::Relation::signal, rule->unit, member.value.at});
  }
}

}  // namespace

void read_signals(const Member& member, LoadState& load, BerthConfig& config) {
  const Node::Table* rules = member.value.table();
  if (rules == nullptr) {
    load.errors.add(member.value.at, "",
                    "\"signals\" in " + std::string(kTopTable) + " must be a table of signals");
    return;
  }
  for (const Member& rule : *rules) {
    read_signal(rule, load, config);
  }
}

}  // namespace berth
