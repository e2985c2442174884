// FakePid1: the other end of berth-admin's control socket, with answers that a test sets. And
// AdminSite: a real Server on a real socket with a fake PID 1 behind it, in a thread of its own.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <stdlib.h>
#include <sys/stat.h>

#include "init/admin/server.h"
#include "init/os/clock.h"
#include "init/os/event_loop.h"
#include "init/os/files.h"
#include "init/os/packet_socket.h"
#include "init/os/pipe.h"
#include "init/os/socket.h"
#include "init/os/stream.h"
#include "units/control.h"
#include "units/snapshot.h"
#include "units/wire.h"

namespace berth {

/// What the fake answers. Set it before the site is made.
struct Pid1Script {
  Snapshot snapshot;
  LogTail log;
  std::string later_lines;  ///< written to a follower's pipe
  std::string probe_lines;  ///< written to the pipe of a measurement
  bool close_probes = true;
  bool answers = true;
  std::optional<control::Denied> denied;  ///< of every command
  control::JobResult result = control::JobResult::done;
  std::vector<std::string> lines;  ///< of every finished job
};

class FakePid1 final : public os::FdHandler {
 public:
  FakePid1(os::EventLoop& loop, os::UniqueFd socket, const Pid1Script& script)
      : loop_(loop), socket_(std::move(socket)), script_(script) {
    loop_.watch(socket_.borrow(), true, false, *this);
  }
  ~FakePid1() override { loop_.unwatch(socket_.borrow()); }

  std::vector<control::Command> commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
  }

  void on_events(os::Events) noexcept override {
    os::Packet packet;
    while (os::receive_packet(socket_.borrow(), control::kMaxPacket, packet) ==
           os::ReceiveOutcome::received) {
      const auto message = wire::decode_any<control::FromAdmin>(packet.bytes);
      if (message && script_.answers)
        std::visit([&](const auto& each) { answer(each, packet.fds); }, *message);
    }
  }

 private:
  void answer(const control::Command& command, std::vector<os::UniqueFd>&) {
    {
      const std::lock_guard lock(mutex_);
      commands_.push_back(command);
    }
    if (script_.denied.has_value()) {
      control::Denied denied = *script_.denied;
      denied.id = command.id;
      return send(denied);
    }
    send(control::Accepted{command.id});
    send(control::Finished{command.id, script_.result, script_.lines});
  }
  void answer(const control::GetSnapshot& request, std::vector<os::UniqueFd>&) {
    send_document(request.id, wire::encode(script_.snapshot));
  }
  void answer(const control::GetLog& request, std::vector<os::UniqueFd>& fds) {
    send_document(request.id, wire::encode(script_.log));
    if (!fds.empty())
      os::write_some(fds.front().borrow(), script_.later_lines);
  }
  void answer(const control::FollowStates& request, std::vector<os::UniqueFd>& fds) {
    send_document(request.id, wire::encode(script_.snapshot));
    if (!fds.empty())
      os::write_some(fds.front().borrow(), script_.later_lines);
  }
  void answer(const control::Measure& request, std::vector<os::UniqueFd>& fds) {
    if (!fds.empty() && !script_.probe_lines.empty())
      os::write_some(fds.front().borrow(), script_.probe_lines);
    if (!script_.close_probes && !fds.empty())
      stuck_ = std::move(fds.front());
    send_document(request.id, wire::encode(script_.snapshot));
  }

  void send(const control::ToAdmin& message) {
    os::send_packet(socket_.borrow(), wire::encode_any(message));
  }
  void send_document(std::uint32_t id, const std::string& bytes) {
    const auto memfd = os::sealed_memfd("document", bytes);
    os::send_packet(socket_.borrow(), wire::encode_any(control::ToAdmin(control::Document{id})),
                    {memfd->borrow()});
  }

  os::EventLoop& loop_;
  os::UniqueFd socket_;
  const Pid1Script& script_;
  os::UniqueFd stuck_;
  mutable std::mutex mutex_;
  std::vector<control::Command> commands_;
};

/// Lives as long as the test; the thread ends with it, or when the server wants to end.
class AdminSite {
 public:
  explicit AdminSite(Pid1Script script, admin::Server::Options options = {})
      : script_(std::move(script)), loop_(clock_) {
    folder_ = "/tmp/berth-admin-XXXXXX";
    ::mkdtemp(folder_.data());
    ::chmod(folder_.c_str(), 0755);  // somebody else may try to connect
    auto control = os::packet_pair();
    os::ListenOptions listen;
    listen.mode = 0666;
    auto listener =
        os::listen_on(Address{Address::Family::unix_socket, "", 0, socket_path()}, listen);
    auto stop = os::make_pipe();
    stop_read_ = std::move(stop->read_end);
    stop_write_ = std::move(stop->write_end);
    loop_.watch(stop_read_.borrow(), true, false, stopper_);
    pid1_ = std::make_unique<FakePid1>(loop_, std::move(control->first), script_);
    server_ = std::make_unique<admin::Server>(loop_, std::move(control->second),
                                              *std::move(listener), options);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~AdminSite() {
    stop_write_.reset();
    join();
    server_.reset();
    os::remove_file(socket_path());
    ::rmdir(folder_.c_str());
  }
  AdminSite(const AdminSite&) = delete;
  AdminSite& operator=(const AdminSite&) = delete;

  /// Waits until the server has ended by itself.
  void join() {
    if (thread_.joinable())
      thread_.join();
  }
  const std::string& run_dir() const { return folder_; }
  std::string socket_path() const { return folder_ + "/admin.sock"; }
  const FakePid1& pid1() const { return *pid1_; }

 private:
  Pid1Script script_;
  os::SystemClock clock_;
  os::EventLoop loop_;
  std::string folder_;
  os::UniqueFd stop_read_, stop_write_;
  os::FunctionHandler stopper_{[this](os::Events) { loop_.stop(); }};
  std::unique_ptr<FakePid1> pid1_;
  std::unique_ptr<admin::Server> server_;
  std::thread thread_;
};

/// A unit as the tests like it.
inline UnitStatus unit_status(std::string name, UnitKind kind, UnitState state) {
  UnitStatus unit;
  unit.name = std::move(name);
  unit.kind = kind;
  unit.state = state;
  return unit;
}

}  // namespace berth
