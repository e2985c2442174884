// TlsSession and TlsContext: what berth-proxy and its TLS module have in common.
//
// OpenSSL costs megabytes of tables and relocations, so it is in a module of its own (berth-tls.so,
// proxy/tls/), which is loaded when a [proxy] has `tls` and not before. Across the border go only
// what is declared here, and no exceptions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "init/os/fd.h"

namespace berth::proxy {

/// The encrypted side of one connection. Shakes hands by itself while it reads and writes.
class TlsSession {
 public:
  enum class Status : std::uint8_t {
    done,         ///< `bytes` were moved, at least one
    needs_read,   ///< the socket has to become readable first
    needs_write,  ///< or writable
    closed,       ///< reading: the other end has finished sending
    failed,
  };
  struct Result {
    Status status = Status::failed;
    std::size_t bytes = 0;
  };

  virtual ~TlsSession() = default;
  /// REQUIRES: `room` is not empty. One record comes at a time; `needs_read` only when nothing is
  /// left of what has come.
  virtual Result read(std::span<char> room) noexcept = 0;
  /// REQUIRES: what could not be written is given again next time, with at least as many bytes.
  virtual Result write(std::string_view bytes) noexcept = 0;
  /// Says that nothing more will be sent.
  virtual void finish_sending() noexcept = 0;
};

/// A certificate with its key. Sessions keep what they need of it when it dies.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  /// For a connection that was accepted; the socket stays the caller's, and must live longer.
  /// nullptr = out of memory.
  virtual TlsSession* open(os::BorrowedFd socket) noexcept = 0;
};

/// The module's one function: a context of a certificate with its chain and a key, both PEM.
/// nullptr: why not is in `why`, cut to its size and ended by a NUL.
struct TlsMaterial {
  std::string_view certificate;
  std::string_view key;
};
using TlsOpen = TlsContext* (*)(const TlsMaterial& material, std::span<char> why);
inline constexpr const char* kTlsModule = "berth-tls.so";
inline constexpr const char* kTlsOpen = "berth_tls_open";

}  // namespace berth::proxy
