// One table for all signals.
#include "units/signal_rules.h"

#include <algorithm>
#include <array>
#include <csignal>

namespace berth {
namespace {

using Action = SignalRule::Action;

// The real-time ones by number: runtimes send 37, whatever a C library calls it (systemd(1)).
constexpr int kContainerStop = 37;   // SIGRTMIN+3: halt
constexpr int kPowerOff = 38;        // SIGRTMIN+4
constexpr int kMachineRestart = 39;  // SIGRTMIN+5
constexpr int kFirstOfLibrary = 32, kLastOfLibrary = 33, kLast = 64;

constexpr std::array kNeverTaken{SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE,
                                 SIGILL,  SIGABRT, SIGSYS,  SIGTRAP};
constexpr std::array kNeverPassedOn{SIGCHLD, SIGPIPE, SIGTTIN, SIGTTOU};

template <std::size_t Size>
bool contains(const std::array<int, Size>& signals, int signal) {
  return std::find(signals.begin(), signals.end(), signal) != signals.end();
}

}  // namespace

SignalRule signal_rule(const BerthConfig& config, int signal) {
  if (const auto said = config.signals.find(signal); said != config.signals.end()) {
    return said->second;
  }
  switch (signal) {
    case SIGTERM:
    case SIGINT:
    case SIGPWR:
    case kContainerStop:
    case kPowerOff:
      return {Action::shutdown, ""};
    case kMachineRestart:
      return {Action::restart, ""};
    case SIGHUP:
      return {Action::reload, ""};
    default:
      return {Action::forward, ""};
  }
}

std::vector<int> signals_taken() {
  std::vector<int> taken;
  for (int signal = 1; signal <= kLast; ++signal) {
    const bool is_the_librarys = signal >= kFirstOfLibrary && signal <= kLastOfLibrary;
    if (!is_the_librarys && !contains(kNeverTaken, signal)) {
      taken.push_back(signal);
    }
  }
  return taken;
}

std::vector<int> signals_configurable() {
  std::vector<int> signals = signals_taken();
  // Those two are for berth's own process: shells stop and continue their jobs.
  std::erase_if(signals, [](int signal) {
    return !is_passed_on(signal) || signal == SIGTSTP || signal == SIGCONT;
  });
  return signals;
}

bool is_passed_on(int signal) {
  return !contains(kNeverPassedOn, signal);
}

}  // namespace berth
