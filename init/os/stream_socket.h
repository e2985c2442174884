// Connected stream sockets: accepting, reading, writing and sending files, never blocking.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "init/os/fd.h"

namespace berth::os {

enum class IoStatus : std::uint8_t {
  done,         ///< `bytes` were moved, at least one
  would_block,  ///< nothing now; an event follows
  closed,       ///< reading: the other end has finished sending
  failed,       ///< the connection is gone
};
struct IoResult {
  IoStatus status = IoStatus::would_block;
  std::size_t bytes = 0;
};

/// REQUIRES: `room` is not empty.
IoResult receive_some(BorrowedFd socket, std::span<char> room);

/// At most this many pieces go out with one call.
inline constexpr std::size_t kMaxPieces = 8;
/// Sends the pieces as one message of the kernel's; may send a part only. No SIGPIPE.
/// REQUIRES: at most kMaxPieces, not all of them empty.
IoResult send_pieces(BorrowedFd socket, std::span<const std::string_view> pieces);
/// Sends up to `count` bytes of `file` from `offset` on, which is moved. `closed` = the file ended.
IoResult send_file(BorrowedFd socket, BorrowedFd file, std::uint64_t& offset, std::size_t count);
/// Reads of a file from `offset` on. `closed` = the file ends there.
IoResult read_at(BorrowedFd file, std::uint64_t offset, std::span<char> room);
/// Says that nothing more will be sent; reading goes on.
void finish_sending(BorrowedFd socket);
/// Small writes go out at once. A listener hands it on to what it accepts. No effect on Unix
/// sockets.
void set_no_delay(BorrowedFd socket);

/// Who is at the other end. A Unix socket's peer has no address: size = 0.
struct PeerAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t size = 0;  ///< 0, 4 or 16; an IPv4 address mapped into IPv6 is given as IPv4

  bool operator==(const PeerAddress&) const = default;
};
/// "192.0.2.1", "2001:db8::1", or "" for a Unix socket's peer.
std::string format_peer(const PeerAddress& peer);
/// Reads what format_peer() writes; false if `text` is no numeric address.
bool parse_peer(std::string_view text, PeerAddress& peer);

/// Whether `error` says that descriptors or memory have run out: here, in the whole system, or for
/// sockets.
bool is_out_of_resources(int error);

/// Accepts one connection, non-blocking and close-on-exec; not open = none (errno tells why).
UniqueFd accept_stream(BorrowedFd listener, PeerAddress& peer);

}  // namespace berth::os
