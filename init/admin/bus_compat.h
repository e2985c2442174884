// BusPeer: one client of the admin socket as a D-Bus connection, with no bus daemon; and what
// differs between versions of sdbus-c++.
//
// The connection is a "mini bus": a peer-to-peer server that also answers what a client asks of the
// bus driver (Hello, AddMatch, GetNameOwner …), so busctl, gdbus, dbus-send and sdbus-c++ proxies
// work unchanged. It is no router: clients cannot see each other.
//
// A peer starts as plain sd-bus, which never blocks, and becomes a connection of sdbus-c++ once the
// handshake is over: adopted any earlier, sdbus-c++ would wait for the client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "init/os/clock.h"
#include "init/os/fd.h"
#include "units/result.h"

struct sd_bus;
namespace sdbus {
class IConnection;
}

namespace berth::admin {

class BusPeer {
 public:
  /// Takes an accepted socket whose peer has been checked: everything that comes from it is
  /// trusted. `serial` makes the client's unique name, ":1.SERIAL".
  static Result<std::unique_ptr<BusPeer>> start(os::UniqueFd socket, std::uint64_t serial);
  /// Closes first: sdbus-c++ flushes in its destructor and would wait for a client that does not
  /// read.
  ~BusPeer();
  BusPeer(const BusPeer&) = delete;
  BusPeer& operator=(const BusPeer&) = delete;

  enum class Progress { idle, some, closed };
  /// Does one step of work: a part of the handshake, or one message.
  Progress process() noexcept;
  /// Whether the handshake is over.
  bool is_ready() const;
  /// The connection as sdbus-c++ has it, for adaptors. REQUIRES: is_ready(). Throws sdbus::Error.
  sdbus::IConnection& connection();

  /// What to wait for now; changes with every process() and every message sent.
  struct Wish {
    bool readable = false;
    bool writable = false;
    std::optional<os::TimePoint> wake;  ///< call process() then, whatever the socket says
  };
  Wish wish() const;
  /// Messages that the client has not taken yet.
  std::size_t queued() const;
  /// REQUIRES: not closed since the last process() or close(): sd-bus closes it itself.
  os::BorrowedFd socket() const { return socket_; }
  /// Sends and receives nothing more. May be called from a handler of a message.
  void close() noexcept;

 private:
  explicit BusPeer(std::uint64_t serial);
  Result<void> set_up(os::UniqueFd socket);

  std::string name_;
  sd_bus* raw_ = nullptr;  ///< owned until adopted, then a borrowed view of what connection_ owns
  std::unique_ptr<sdbus::IConnection> connection_;
  os::BorrowedFd socket_;
  bool closed_ = false;
};

}  // namespace berth::admin
