// ListenSockets: the sockets of `listen`, which belong to PID 1 and outlive the processes that
// serve them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "init/identity.h"
#include "init/os/socket.h"
#include "init/settings.h"
#include "units/unit.h"

namespace berth {

/// One socket for a process, and its name in LISTEN_FDNAMES.
struct PassedSocket {
  os::BorrowedFd fd;
  std::string name;
};

/// A socket is known by its address: a unit that takes over the address of another one takes over
/// its socket, with the connections that wait in it. Whoever closes one has it unwatched first.
class ListenSockets {
 public:
  explicit ListenSockets(const Settings& settings) : settings_(settings) {}
  ~ListenSockets();
  ListenSockets(const ListenSockets&) = delete;
  ListenSockets& operator=(const ListenSockets&) = delete;

  /// Opens what `unit` listens on; what is open and can be reached stays as it is. names: users and
  /// groups that are in no file. Fails naming the first address that cannot be had; the others may
  /// be open then.
  Result<void> open(const Unit& unit, const FoundNames& names);
  /// The open ones, in the order of `listen`.
  std::vector<PassedSocket> of(const Unit& unit) const;
  /// The same for a new process, which expects blocking sockets whatever the last one made of them.
  std::vector<PassedSocket> for_process(const Unit& unit) const;
  /// Closes the sockets that `unit` has, but for those of `keep`; the files of Unix sockets go.
  void close(const std::string& unit, const std::vector<ListenSocket>& keep = {});

 private:
  struct Socket {
    os::UniqueFd fd;
    Address address;
    os::ListenOptions options;
    std::string unit;  ///< whose it is
  };
  Result<os::ListenOptions> options_for(const ListenSocket& wanted, const Unit& unit,
                                        const FoundNames& names) const;
  Result<void> open_one(const ListenSocket& wanted, const Unit& unit, const FoundNames& names);
  static void remove(const Socket& socket);

  const Settings& settings_;
  std::map<std::string, Socket> sockets_;  ///< by address as text
};

}  // namespace berth
