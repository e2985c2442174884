// Signals by name and number.
#include <array>
#include <csignal>

#include "units/scan.h"
#include "units/values.h"

namespace berth {
namespace {

struct NamedSignal {
  std::string_view name;  ///< without "SIG"
  int number;
};

constexpr std::array<NamedSignal, 31> kSignals{
    {{"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},
     {"TRAP", SIGTRAP}, {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},
     {"KILL", SIGKILL}, {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
     {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT},
     {"CHLD", SIGCHLD}, {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
     {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU},
     {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
     {"IO", SIGIO},     {"PWR", SIGPWR},       {"SYS", SIGSYS}}};

constexpr std::string_view kRealTime = "RTMIN";

/// "RTMIN", "RTMIN+3". The C library keeps the first real-time signals for itself: SIGRTMIN moves.
std::optional<int> real_time_signal(std::string_view name) {
  if (!name.starts_with(kRealTime)) {
    return std::nullopt;
  }
  name.remove_prefix(kRealTime.size());
  if (name.empty()) {
    return SIGRTMIN;
  }
  const auto offset = name.front() == '+' ? scan::to_number<int>(name.substr(1)) : std::nullopt;
  if (!offset || *offset < 0 || *offset > SIGRTMAX - SIGRTMIN) {
    return std::nullopt;
  }
  return SIGRTMIN + *offset;
}

}  // namespace

Result<int> parse_signal(std::string_view text) {
  if (const auto number = scan::to_number<int>(text)) {
    if (*number >= 1 && *number <= SIGRTMAX) {
      return *number;
    }
    return Error{ErrorCode::invalid, "signals are numbered from 1 to " + std::to_string(SIGRTMAX)};
  }
  std::string_view name = text;
  if (name.starts_with("SIG")) {
    name.remove_prefix(3);
  }
  for (const auto& signal : kSignals) {
    if (signal.name == name) {
      return signal.number;
    }
  }
  if (const auto signal = real_time_signal(name)) {
    return *signal;
  }
  return Error{ErrorCode::invalid, "\"" + std::string(text) + "\" is no signal's name"};
}

std::string signal_name(int signal) {
  for (const auto& known : kSignals) {
    if (known.number == signal) {
      return "SIG" + std::string(known.name);
    }
  }
  return "signal " + std::to_string(signal);
}

}  // namespace berth
