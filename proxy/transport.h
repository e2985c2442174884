// Transport: what a Stream passes its bytes through where that is not just its socket: TLS, or one
// of the requests that share a connection by HTTP/2.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace berth::proxy {

class Transport {
 public:
  enum class Status : std::uint8_t {
    done,         ///< `bytes` were moved, at least one
    needs_read,   ///< something has to come in first: an event `readable` follows
    needs_write,  ///< or something has to go out
    closed,       ///< reading: the other end has finished sending
    failed,
  };
  struct Result {
    Status status = Status::failed;
    std::size_t bytes = 0;
  };

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;
  /// REQUIRES: `room` is not empty. `needs_read` only when nothing is left of what has come.
  virtual Result read(std::span<char> room) noexcept = 0;
  /// REQUIRES: what could not be written is given again next time, with at least as many bytes.
  virtual Result write(std::string_view bytes) noexcept = 0;
  /// Says that nothing more will be sent.
  virtual void finish_sending() noexcept = 0;
  /// What is ready is reported once more; asked of those only that have no socket.
  virtual void rearm() noexcept {}
  /// Whether both ends have agreed upon HTTP/2 for what passes. Known once something was read.
  virtual bool speaks_http2() const noexcept { return false; }
};

}  // namespace berth::proxy
