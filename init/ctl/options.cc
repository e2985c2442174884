// The command line.
#include "init/ctl/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "units/suggestion.h"
#include "units/unit_state.h"

namespace berth::ctl {
namespace {

/// Where the summaries of the help begin.
constexpr std::size_t kHelpColumn = 30;
constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

constexpr std::array kCommands{
    CommandSpec{CommandId::list, "list", "[PATTERN ...]", "the units and their states", 0, kAny},
    CommandSpec{CommandId::status, "status", "[UNIT ...]", "the story of a unit, or of berth", 0,
                kAny},
    CommandSpec{CommandId::start, "start", "UNIT ...", "start units and wait until they are ready",
                1, kAny},
    CommandSpec{CommandId::stop, "stop", "UNIT ...", "stop units and what requires them", 1, kAny},
    CommandSpec{CommandId::restart, "restart", "UNIT ...", "stop and start units", 1, kAny},
    CommandSpec{CommandId::reload, "reload", "[UNIT]",
                "read the unit files again; with UNIT: let it read its own configuration", 0, 1},
    CommandSpec{CommandId::logs, "logs", "[UNIT]", "what a unit, or berth itself, has said", 0, 1},
    CommandSpec{CommandId::memory, "memory", "", "the memory of each unit, and the sums", 0, 0},
    CommandSpec{CommandId::tenants, "tenants", "", "the tenants and their traffic", 0, 0},
    CommandSpec{CommandId::verify, "verify", "", "check the unit files; berth need not run", 0, 0},
    CommandSpec{CommandId::plan, "plan", "[UNIT]", "what a start of a unit, or the boot, would do",
                0, 1},
    CommandSpec{CommandId::graph, "graph", "[UNIT]", "the graph of units, in the language DOT", 0,
                1},
    CommandSpec{CommandId::blame, "blame", "", "how long each unit took to start", 0, 0},
    CommandSpec{CommandId::critical_chain, "critical-chain", "[UNIT]",
                "what decided when a unit, or the boot, was up", 0, 1},
    CommandSpec{CommandId::events, "events", "[UNIT ...]", "every change of state, as it happens",
                0, kAny},
    CommandSpec{CommandId::is_active, "is-active", "UNIT ...", "exit status 0 if all are active", 1,
                kAny},
    CommandSpec{CommandId::is_failed, "is-failed", "[UNIT ...]", "exit status 0 if one has failed",
                0, kAny},
    CommandSpec{CommandId::reset_failed, "reset-failed", "[UNIT ...]",
                "forget that units have failed", 0, kAny},
    CommandSpec{CommandId::shutdown, "shutdown", "", "stop everything; the container ends", 0, 0},
    CommandSpec{CommandId::help, "help", "", "this text", 0, 0},
};

constexpr std::array kOptions{
    OptionSpec{"run-dir", 0, "DIR", nullptr, "where berth keeps its sockets (/run/berth)"},
    OptionSpec{"json", 0, nullptr, nullptr, "print JSON, for programs"},
    OptionSpec{"no-color", 0, nullptr, nullptr, "print no colours"},
    OptionSpec{"no-wait", 0, nullptr, nullptr, "do not wait for the end of a job"},
    OptionSpec{"follow", 'f', nullptr, "logs", "go on with what is said from now on"},
    OptionSpec{"lines", 'n', "NUMBER", "logs", "only the newest lines"},
    OptionSpec{"failed", 0, nullptr, "list", "only what has failed"},
    OptionSpec{"until", 0, "UNIT=STATE[,STATE]", "events", "end when it is so; repeatable"},
    OptionSpec{"timeout", 0, "DURATION", "events", "end after that time"},
    OptionSpec{"dry-run", 0, nullptr, "reload", "say what would change, and change nothing"},
    OptionSpec{"now", 0, nullptr, "reload", "stop changed tenants at once"},
    OptionSpec{"reboot", 0, nullptr, "shutdown", "restart the machine that berth has booted"},
    OptionSpec{"units", 0, "DIR", "verify plan graph",
               "a folder of unit files; repeatable, highest first"},
    OptionSpec{"config", 0, "FILE", "verify plan graph", "in place of /etc/berth/berth.toml"},
    OptionSpec{"help", 'h', nullptr, nullptr, "this text"},
};

/// An option as it was found.
struct Given {
  const OptionSpec* spec = nullptr;
  std::string argument;
};

Error usage_error(std::string message) {
  return Error{ErrorCode::invalid, std::move(message)};
}

template <typename Specs>
std::vector<std::string_view> names_of(const Specs& specs) {
  std::vector<std::string_view> names;
  names.reserve(specs.size());
  for (const auto& spec : specs)
    names.emplace_back(spec.name);
  return names;
}

Result<const CommandSpec*> find_command(const std::string& name) {
  for (const CommandSpec& spec : kCommands) {
    if (name == spec.name)
      return &spec;
  }
  return usage_error("there is no command \"" + name + "\"" +
                     did_you_mean(name, names_of(kCommands)));
}

Result<const OptionSpec*> find_option(std::string_view name, const std::string& word) {
  for (const OptionSpec& spec : kOptions) {
    const bool is_letter = name.size() == 1 && spec.letter == name[0];
    if (is_letter || name == spec.name)
      return &spec;
  }
  return usage_error("there is no option \"" + word + "\"" +
                     did_you_mean(name, names_of(kOptions)));
}

/// The option that words[at] is, with its argument, which may be the next word; `at` is moved onto
/// the last word used.
Result<Given> take_option(const std::vector<std::string>& words, std::size_t& at) {
  const std::string& word = words[at];
  const bool is_long = word.compare(0, 2, "--") == 0;
  const std::string_view body = std::string_view(word).substr(is_long ? 2 : 1);
  // "--lines=5", "-n5"
  const std::size_t split = is_long ? body.find('=') : std::min<std::size_t>(1, body.size());
  const std::string_view name = body.substr(0, split);
  Given given{BERTH_TRY(find_option(name, word)), {}};
  const bool has_rest = is_long ? split != std::string_view::npos : body.size() > 1;
  const std::string_view rest =
      !has_rest ? std::string_view() : body.substr(split + (is_long ? 1 : 0));
  if (given.spec->argument == nullptr) {
    if (has_rest)
      return usage_error("\"" + word + "\" takes no argument");
    return given;
  }
  if (has_rest) {
    given.argument = rest;
    return given;
  }
  if (at + 1 >= words.size())
    return usage_error("\"" + word + "\" needs an argument: " + given.spec->argument);
  given.argument = words[++at];
  return given;
}

Result<StateGoal> parse_goal(const std::string& text) {
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < kUnitStates; ++i)
    known.push_back(to_string(static_cast<UnitState>(i)));
  const std::size_t split = text.find('=');
  if (split == 0 || split == std::string::npos)
    return usage_error("\"" + text + "\" is not UNIT=STATE");
  StateGoal goal{text.substr(0, split), {}};
  for (std::size_t begin = split + 1; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    goal.states.push_back(text.substr(begin, end - begin));
    begin = end + 1;
    if (std::find(known.begin(), known.end(), goal.states.back()) == known.end())
      return usage_error("there is no state \"" + goal.states.back() + "\"" +
                         did_you_mean(goal.states.back(), known));
  }
  return goal;
}

Result<void> apply(const Given& given, Invocation& invocation) {
  const std::string_view name = given.spec->name;
  if (name == "run-dir")
    invocation.folders.run_dir = given.argument;
  else if (name == "json")
    invocation.json = true;
  else if (name == "no-color")
    invocation.colour = false;
  else if (name == "no-wait")
    invocation.wait = false;
  else if (name == "follow")
    invocation.follow = true;
  else if (name == "dry-run")
    invocation.dry_run = true;
  else if (name == "now")
    invocation.now = true;
  else if (name == "reboot")
    invocation.reboot = true;
  else if (name == "failed")
    invocation.failed = true;
  else if (name == "until")
    invocation.until.push_back(BERTH_TRY(parse_goal(given.argument)));
  else if (name == "timeout")
    invocation.timeout = BERTH_TRY(parse_duration(given.argument));
  else if (name == "units")
    invocation.folders.given.push_back(given.argument);
  else if (name == "config")
    invocation.folders.config = given.argument;
  else if (name == "lines") {
    const char* end = given.argument.data() + given.argument.size();
    const auto parsed = std::from_chars(given.argument.data(), end, invocation.lines);
    if (parsed.ec != std::errc() || parsed.ptr != end || invocation.lines == 0)
      return usage_error("\"" + given.argument + "\" is no number of lines");
  }
  return {};
}

/// The commands of an option that has some, with `between` in place of the blanks.
std::string commands_of(const OptionSpec& option, std::string_view between) {
  std::string text;
  for (const char each : std::string_view(option.commands))
    each == ' ' ? text += between : text += each;
  return text;
}

Result<void> check_belongs(const OptionSpec& option, const CommandSpec& command) {
  if (option.commands == nullptr)
    return {};
  const std::string padded = " " + std::string(option.commands) + " ";
  if (padded.find(" " + std::string(command.name) + " ") != std::string::npos)
    return {};
  return usage_error(std::string("\"--") + option.name + "\" belongs to \"berthctl " +
                     commands_of(option, "|") + "\"");
}

/// Splits words into options and others; after "--" nothing is an option.
Result<std::vector<std::string>> split(const std::vector<std::string>& words,
                                       std::vector<Given>& given) {
  std::vector<std::string> others;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      others.insert(others.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    }
    if (words[i].size() > 1 && words[i][0] == '-')
      given.push_back(BERTH_TRY(take_option(words, i)));
    else
      others.push_back(words[i]);
  }
  return others;
}

Result<void> check_count(const CommandSpec& command, std::size_t count) {
  std::string usage = std::string("berthctl ") + command.name;
  if (*command.arguments != '\0')
    usage += std::string(" ") + command.arguments;
  if (count < command.least)
    return usage_error(std::string("\"") + command.name + "\" needs more: " + usage);
  if (count > command.most)
    return usage_error(std::string("\"") + command.name + "\" takes less: " + usage);
  return {};
}

}  // namespace

std::span<const CommandSpec> commands() {
  return kCommands;
}

std::span<const OptionSpec> options() {
  return kOptions;
}

Result<Invocation> parse_command_line(const std::vector<std::string>& words) {
  std::vector<Given> given;
  std::vector<std::string> others = BERTH_TRY(split(words, given));
  Invocation invocation;
  const bool wants_help = std::any_of(given.begin(), given.end(), [](const Given& each) {
    return std::string_view(each.spec->name) == "help";
  });
  if (wants_help)
    return invocation;
  if (others.empty())
    return usage_error("no command; see: berthctl help");
  const CommandSpec& command = *BERTH_TRY(find_command(others.front()));
  others.erase(others.begin());
  BERTH_TRY(check_count(command, others.size()));
  invocation.command = command.id;
  invocation.arguments = std::move(others);
  for (const Given& each : given) {
    BERTH_TRY(check_belongs(*each.spec, command));
    BERTH_TRY(apply(each, invocation));
  }
  if (invocation.dry_run && invocation.now)
    return usage_error("\"--dry-run\" does nothing that \"--now\" could do at once");
  if ((invocation.dry_run || invocation.now) && !invocation.arguments.empty())
    return usage_error("\"--dry-run\" and \"--now\" are for all unit files, not for one unit");
  return invocation;
}

std::string help_text() {
  const auto line = [](std::string left, const char* right) {
    left.resize(std::max(left.size() + 1, kHelpColumn), ' ');
    return left + right + '\n';
  };
  std::string text = "usage: berthctl [OPTION ...] COMMAND [ARGUMENT ...]\n\n";
  for (const CommandSpec& command : kCommands)
    text += line(std::string("  ") + command.name + ' ' + command.arguments, command.summary);
  text += '\n';
  for (const OptionSpec& option : kOptions) {
    std::string left = option.letter != 0 ? std::string("  -") + option.letter + ", --" : "  --";
    left += option.name;
    if (option.argument != nullptr)
      left += std::string(" ") + option.argument;
    const std::string summary = option.commands == nullptr
                                    ? option.summary
                                    : commands_of(option, ", ") + ": " + option.summary;
    text += line(left, summary.c_str());
  }
  return text + "\nSee berthctl(1).\n";
}

}  // namespace berth::ctl
