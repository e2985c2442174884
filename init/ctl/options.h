// berthctl's commands and options: one table of each, which the parser, the help and the test of
// the man page share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "init/unit_files.h"
#include "units/result.h"
#include "units/values.h"

namespace berth::ctl {

// Exit statuses of berthctl; where several units are concerned, the highest one.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;
inline constexpr int kNotActive = 3;
inline constexpr int kNoSuchUnit = 4;
inline constexpr int kNotReachable = 5;  ///< or not permitted
inline constexpr int kJobFailed = 6;

enum class CommandId : std::uint8_t {
  list,
  status,
  start,
  stop,
  restart,
  reload,
  logs,
  memory,
  tenants,
  verify,
  plan,
  graph,
  blame,
  critical_chain,
  events,
  is_active,
  is_failed,
  reset_failed,
  shutdown,
  help,
};

struct CommandSpec {
  CommandId id;
  const char* name;
  const char* arguments;  ///< as the help shows them
  const char* summary;
  std::size_t least, most;  ///< how many arguments
};
std::span<const CommandSpec> commands();

struct OptionSpec {
  const char* name;      ///< without the dashes
  char letter;           ///< 0 = none
  const char* argument;  ///< null = takes none
  const char* commands;  ///< the only ones that take it, between blanks; null = all do
  const char* summary;
};
std::span<const OptionSpec> options();

/// `events --until`: a unit, and the states one of which it is to reach.
struct StateGoal {
  std::string unit;
  std::vector<std::string> states;
};

/// A command line that makes sense.
struct Invocation {
  CommandId command = CommandId::help;
  std::vector<std::string> arguments;
  UnitFolders folders;  ///< run_dir is also where the admin socket is
  bool json = false;
  bool colour = true;
  bool wait = true;
  bool follow = false;
  bool dry_run = false;
  bool now = false;
  bool reboot = false;
  bool failed = false;
  std::vector<StateGoal> until;
  std::optional<Milliseconds> timeout;
  std::uint32_t lines = 0;  ///< 0 = all
};

/// Options may stand anywhere. Errors are `invalid` and say what is wrong.
Result<Invocation> parse_command_line(const std::vector<std::string>& words);
std::string help_text();

}  // namespace berth::ctl
