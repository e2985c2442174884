// Packets between berth's own processes: SOCK_SEQPACKET with descriptors beside them; never blocks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

/// At most this many descriptors travel with a packet; more are closed on arrival.
inline constexpr std::size_t kMaxPacketFds = 2;

struct Packet {
  std::string bytes;
  std::vector<UniqueFd> fds;  ///< close-on-exec
};

/// Two connected ends, non-blocking and close-on-exec.
Result<std::pair<UniqueFd, UniqueFd>> packet_pair();

enum class SendOutcome { sent, full, broken };
/// Sends one packet. `full` = try again when writable; `broken` = the other end is gone.
SendOutcome send_packet(BorrowedFd socket, std::string_view bytes,
                        const std::vector<BorrowedFd>& fds = {});

enum class ReceiveOutcome { received, empty, closed };
/// Receives one packet of at most `limit` bytes; a longer one is dropped and counts as `closed`,
/// since the other end is not one of ours then.
ReceiveOutcome receive_packet(BorrowedFd socket, std::size_t limit, Packet& packet);

/// A sealed, read-only memfd with `bytes` in it, position 0.
Result<UniqueFd> sealed_memfd(const char* name, std::string_view bytes);
/// All of a memfd that another process handed over. Refuses one that is not sealed against changes,
/// or over `limit`.
Result<std::string> read_sealed(BorrowedFd memfd, std::size_t limit);

}  // namespace berth::os
