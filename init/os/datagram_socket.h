// A Unix datagram socket on which anybody may tell something, and whose receiver learns who did.
#pragma once

#include <string>

#include "init/os/fd.h"
#include "init/os/socket.h"
#include "units/result.h"

namespace berth::os {

/// Binds a socket, non-blocking and close-on-exec, to which everybody may send: a path (what is
/// there is replaced), or "@NAME" in the abstract namespace.
Result<UniqueFd> bind_datagrams(const std::string& address);

struct Datagram {
  std::string bytes;
  PeerCredentials sender;  ///< the kernel's word, except for root, who may send in another's name
  bool too_long = false;   ///< `bytes` is only its beginning
};

/// The next datagram, of which at most `limit` bytes are kept; false if none is waiting.
/// Descriptors that come with it are closed.
bool receive_datagram(BorrowedFd socket, std::size_t limit, Datagram& datagram);

}  // namespace berth::os
