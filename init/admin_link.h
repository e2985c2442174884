// AdminLink: PID 1's side of berth-admin: owns the admin socket, starts the helper when somebody
// connects, carries out what it passes on, and checks the right of each command.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "init/os/event_loop.h"
#include "init/os/packet_socket.h"
#include "init/os/process.h"
#include "init/reaper.h"
#include "init/settings.h"
#include "units/control.h"
#include "units/snapshot.h"

namespace berth {

/// What an admin may ask for; Supervisor does it.
class AdminCommands {
 public:
  using Done = std::function<void(control::JobResult, std::vector<std::string>)>;
  virtual ~AdminCommands() = default;
  /// Calls `done` later, from the loop, never before this returns; or returns why it is not done at
  /// all.
  virtual std::optional<control::Denied> execute(const control::Command& command, Done done) = 0;
  /// with_pids: all processes of each unit, which takes a look at all of /proc.
  virtual Snapshot snapshot(bool with_pids) = 0;
  virtual LogTail log_tail(const std::string& unit) = 0;
  virtual void log_follow(const std::string& unit, os::UniqueFd pipe) = 0;
  virtual void follow_states(os::UniqueFd pipe) = 0;
  /// Starts the probes that write to `pipe`.
  virtual void measure(const Snapshot& snapshot, os::UniqueFd pipe) = 0;
};

class AdminLink {
 public:
  AdminLink(os::EventLoop& loop, Reaper& reaper, const Settings& settings, AdminCommands& commands);
  ~AdminLink();

  /// Opens RUN_DIR/admin.sock, anew if it was open: a helper that serves the old one ends.
  Result<void> listen();
  pid_t pid() const { return pid_; }
  /// Whom berth-admin runs as; "" = as berth.
  static std::string user(const Settings& settings) { return settings.is_root ? "nobody" : ""; }

 private:
  void wait_for_client();
  void start_helper();
  void on_exit(const os::ExitStatus& status);
  void on_events(os::Events events);
  void handle(const control::FromAdmin& message, std::vector<os::UniqueFd> fds);
  void command(const control::Command& message);
  void send(const control::ToAdmin& message, os::UniqueFd fd = {});
  void send_document(std::uint32_t id, const std::string& bytes);
  void flush();
  void drop_helper();

  struct Outgoing {
    std::string bytes;
    os::UniqueFd fd;
  };

  os::EventLoop& loop_;
  Reaper& reaper_;
  const Settings& settings_;
  AdminCommands& commands_;
  os::UniqueFd listener_;
  os::FunctionHandler on_client_;
  os::FunctionHandler on_message_;
  os::UniqueFd control_;
  pid_t pid_ = 0;
  os::UniqueFd pidfd_;
  os::UniqueFd report_;
  bool is_dismissed_ = false;    ///< it serves a socket that nobody can reach any more
  std::uint64_t serial_ = 0;     ///< of the helper process: an answer for an earlier one is dropped
  std::deque<Outgoing> unsent_;  ///< bounded: a helper that leaves more unread is replaced
  os::TimePoint started_;
  std::chrono::milliseconds pause_{0};  ///< the socket is ignored for so long after a failed start
  os::TimerId resume_ = os::kNoTimer;
};

}  // namespace berth
