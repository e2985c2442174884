// Probe: asks a unit one question, without ever blocking.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "init/aux_commands.h"
#include "init/os/event_loop.h"
#include "init/reaper.h"
#include "units/unit.h"

namespace berth {

/// How a probe runs a command: as a process of the unit that it asks.
struct CommandRunner {
  Reaper& reaper;
  AuxSpawner spawn;
};

/// Asks as often as it is told to, one question at a time. Destroy it to stop asking: the command
/// that runs is killed then.
class Probe {
 public:
  /// yes: the unit is well. answer: what was found, in words: "connect 127.0.0.1:6379: Connection
  /// refused", "HTTP status 503", "command "x": exit status 1".
  using Answered = std::function<void(bool yes, std::string answer)>;

  /// endpoint: where the unit listens, for spec.at_endpoint. REQUIRES: spec.way is one of http,
  /// tcp, unix_socket, file and command.
  Probe(os::EventLoop& loop, const ProbeSpec& spec, const Address& endpoint, CommandRunner runner);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// Calls `answered` once, after `limit` at the latest, perhaps before this returns; there the
  /// probe may be destroyed. REQUIRES: the last question has been answered.
  void ask(Milliseconds limit, Answered answered);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth
