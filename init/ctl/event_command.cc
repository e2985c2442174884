// Following the states of units.
#include "init/ctl/event_command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "init/ctl/commands.h"
#include "init/ctl/json_writer.h"
#include "init/ctl/pipe_lines.h"
#include "init/ctl/words.h"
#include "units/overloaded.h"
#include "units/state_change.h"
#include "units/suggestion.h"

namespace berth::ctl {
namespace {

constexpr std::uint64_t kMicroseconds = 1'000'000;

/// "   12.345678": seconds, as the kernel's log has them.
std::string stamp(std::uint64_t monotonic_us) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%5llu.%06llu",
                static_cast<unsigned long long>(monotonic_us / kMicroseconds),
                static_cast<unsigned long long>(monotonic_us % kMicroseconds));
  return text.data();
}

std::string change_text(const StateChange& change, const Output& output) {
  std::string text = stamp(change.monotonic_us) + "  " + printable(change.unit) + ": " +
                     change.from + " -> " + output.paint(colour_of(change.to), change.to);
  if (!change.reason.empty())
    text += " (" + printable(change.reason) + ")";
  return text + '\n';
}

std::string change_json(const StateChange& change) {
  JsonWriter json;
  json.begin_object();
  json.member("event", "state");
  json.member("monotonic_us", change.monotonic_us);
  json.member("time_ms", change.wall_ms);
  json.member("unit", change.unit);
  json.member("from", change.from);
  json.member("to", change.to);
  json.member("reason", change.reason);
  json.member("invocation_id", change.invocation_id);
  json.end_object();
  return std::move(json).take();
}

std::string dropped_json(const ChangesDropped& dropped) {
  JsonWriter json;
  json.begin_object();
  json.member("event", "dropped");
  json.member("count", dropped.count);
  json.end_object();
  return std::move(json).take();
}

/// One run of the command.
class EventWatch {
 public:
  EventWatch(const Invocation& invocation, BerthLink& berth, const Output& output)
      : berth_(berth), output_(output), goals_(invocation.until) {
    wanted_.insert(invocation.arguments.begin(), invocation.arguments.end());
    for (const StateGoal& goal : goals_) {
      named_.insert(goal.unit);
      if (invocation.arguments.empty())
        wanted_.insert(goal.unit);
    }
    named_.insert(wanted_.begin(), wanted_.end());
    if (invocation.timeout.has_value())
      deadline_ = os::SystemClock().now() + *invocation.timeout;
  }

  int run() {
    const bool has_goal = !goals_.empty();
    for (bool first = true;; first = false) {
      auto followed = berth_.follow_states();
      if (!followed)
        return report(followed.error(), output_);
      if (const auto known = check_names(followed->states); !known)
        return report(known.error(), output_);
      if (first)
        tell_subscribed(*followed);
      for (const auto& [unit, state] : followed->states)
        note(unit, state);
      if (has_goal && goals_.empty())
        return kSuccess;
      if (const auto status = follow(followed->pipe.borrow(), has_goal))
        return *status;
    }
  }

 private:
  /// nullopt = some changes were lost, and the state of now has to be asked for.
  std::optional<int> follow(os::BorrowedFd pipe, bool has_goal) {
    PipeLines lines(pipe);
    std::string line;
    while (output_.out.good()) {
      if (lines.must_wait())
        output_.out << std::flush;
      switch (lines.next(line, deadline_)) {
        case PipeLines::Outcome::ended:
          return has_goal ? missed("berth has ended") : kSuccess;
        case PipeLines::Outcome::timed_out:
          return has_goal ? missed("the time is over") : kSuccess;
        case PipeLines::Outcome::line:
          break;
      }
      const auto parsed = parse_feed_line(line);
      if (!parsed)
        return report(parsed.error(), output_);
      tell(*parsed);
      if (has_goal && goals_.empty())
        return kSuccess;
      if (has_goal && std::holds_alternative<ChangesDropped>(*parsed))
        return std::nullopt;
    }
    return kFailure;
  }

  Result<void> check_names(const std::map<std::string, std::string>& states) const {
    for (const std::string& name : named_) {
      if (states.count(name) != 0)
        continue;
      std::vector<std::string_view> names;
      for (const auto& [unit, state] : states)
        names.emplace_back(unit);
      return Error{ErrorCode::not_found, "there is no unit " + name + did_you_mean(name, names)};
    }
    return {};
  }

  bool is_wanted(const std::string& unit) const {
    return wanted_.empty() || wanted_.count(unit) != 0;
  }

  void tell_subscribed(const FollowedStates& followed) {
    const auto count = std::count_if(followed.states.begin(), followed.states.end(),
                                     [this](const auto& each) { return is_wanted(each.first); });
    if (!output_.json) {
      output_.out << stamp(followed.now_us) << "  subscribed to "
                  << count_of(static_cast<std::size_t>(count), "unit") << '\n';
      return;
    }
    JsonWriter json;
    json.begin_object();
    json.member("event", "subscribed");
    json.member("monotonic_us", followed.now_us);
    json.member("time_ms", output_.now_ms);
    json.key("states");
    json.begin_object();
    for (const auto& [unit, state] : followed.states)
      if (is_wanted(unit))
        json.member(unit, state);
    json.end_object();
    json.end_object();
    output_.out << std::move(json).take();
  }

  void tell(const FeedLine& line) {
    std::visit(
        Overloaded{
            [this](const StateChange& change) {
              if (is_wanted(change.unit))
                output_.out << (output_.json ? change_json(change) : change_text(change, output_));
              note(change.unit, change.to);
            },
            [this](const ChangesDropped& dropped) {
              output_.out << (output_.json ? dropped_json(dropped)
                                           : "dropped " + std::to_string(dropped.count) + '\n');
            },
        },
        line);
  }

  /// Crosses out the goals that are reached by this.
  void note(const std::string& unit, const std::string& state) {
    goals_.erase(std::remove_if(goals_.begin(), goals_.end(),
                                [&](const StateGoal& goal) {
                                  return goal.unit == unit &&
                                         std::find(goal.states.begin(), goal.states.end(), state) !=
                                             goal.states.end();
                                }),
                 goals_.end());
  }

  int missed(const char* why) const {
    output_.out << std::flush;
    for (const StateGoal& goal : goals_)
      output_.err << "berthctl: " << printable(goal.unit) << " was not "
                  << join(goal.states, " or ") << ": " << why << '\n';
    return kFailure;
  }

  BerthLink& berth_;
  const Output& output_;
  std::vector<StateGoal> goals_;  ///< that have not been reached
  std::set<std::string> wanted_;  ///< whose changes are shown; empty = all
  std::set<std::string> named_;   ///< that must be there
  std::optional<os::TimePoint> deadline_;
};

}  // namespace

int show_events(const Invocation& invocation, BerthLink& berth, const Output& output) {
  return EventWatch(invocation, berth, output).run();
}

}  // namespace berth::ctl
