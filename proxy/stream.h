// Stream: a connected socket of the loop, with what could not be sent yet.
//
// Sockets are watched edge-triggered, once, for both directions. A Stream remembers what an event
// said until a call proves it wrong, so nobody has to ask the kernel twice, and an idle connection
// holds neither a buffer nor unread news.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "init/os/event_loop.h"
#include "init/os/stream_socket.h"
#include "proxy/transport.h"

namespace berth::proxy {

/// Nobody moves more than this in a row, so that who is fast does not starve the others.
inline constexpr std::size_t kMostInARow = std::size_t{1024} * 1024;

class Stream {
 public:
  explicit Stream(os::UniqueFd socket) : socket_(std::move(socket)) {}

  /// From now on everything passes through `transport`. Before the first byte.
  void pass_through(std::unique_ptr<Transport> transport) { transport_ = std::move(transport); }
  /// HTTP/2 comes over TLS only.
  bool is_encrypted() const { return transport_ != nullptr; }
  bool speaks_http2() const { return transport_ != nullptr && transport_->speaks_http2(); }
  os::BorrowedFd fd() const { return socket_.borrow(); }
  bool is_open() const { return socket_.is_open(); }
  /// As those of the loop. Without a socket there is nothing to watch: whoever stands behind the
  /// transport calls on_events().
  bool watch(os::EventLoop& loop, os::FdHandler& handler);
  void rearm(os::EventLoop& loop);
  /// To be called first in on_events().
  void note(os::Events events);
  bool can_read() const { return can_read_; }
  /// Whether nothing has come that nobody has read, not even the end. What TLS has to say to itself
  /// does not count, and is heard.
  bool is_quiet();
  /// The other end has finished sending or is gone; there may still be bytes to read.
  bool saw_end() const { return saw_end_; }

  os::IoResult read(std::span<char> room);
  /// Sends the pieces in order; what does not fit is kept and goes out with flush(). False = the
  /// other end is gone. Whoever writes while is_stalled() makes the memory grow: do not.
  bool write(std::span<const std::string_view> pieces);
  bool write(std::string_view piece) { return write(std::span(&piece, 1)); }
  /// Sends what was kept. False = the other end is gone.
  bool flush();
  /// Some bytes still wait to be sent.
  bool is_stalled() const { return kept_ != nullptr; }
  /// Sends of a file; would_block if something else waits already.
  os::IoResult send_file(os::BorrowedFd file, std::uint64_t& offset, std::size_t count);
  void finish_sending();
  /// REQUIRES: no longer watched.
  void close();

 private:
  struct Kept {
    std::string bytes;
    std::size_t sent = 0;
  };
  os::IoResult send(std::span<const std::string_view> pieces);
  os::IoResult send_through(std::span<const std::string_view> pieces);
  os::IoResult send_file_through(os::BorrowedFd file, std::uint64_t& offset, std::size_t count);
  os::IoResult read_through(std::span<char> room);
  /// What `result` means for us; notes what has to be waited for.
  os::IoStatus take(const Transport::Result& result, bool reading);
  void keep(std::span<const std::string_view> pieces, std::size_t skip);

  os::UniqueFd socket_;
  bool can_read_ = true;
  bool can_write_ = true;
  bool saw_end_ = false;
  bool read_needs_write_ = false;  ///< TLS: a read waits until the socket is writable
  bool write_needs_read_ = false;
  std::unique_ptr<Kept> kept_;
  std::unique_ptr<Transport> transport_;  ///< nullptr = plain
};

}  // namespace berth::proxy
