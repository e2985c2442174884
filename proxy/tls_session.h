// TlsContext, TlsClientContext: what berth-proxy and its TLS module have in common.
//
// OpenSSL costs megabytes of tables and relocations, so it is in a module of its own (berth-tls.so,
// proxy/tls/), which is loaded when a client connects to where [proxy.tls] says, or a
// request goes to a target by https, and not before. Across the border go only
// what is declared here, and no exceptions.
#pragma once

#include <span>
#include <string_view>

#include "init/os/fd.h"
#include "proxy/transport.h"

namespace berth::proxy {

/// A certificate with its key. Sessions keep what they need of it when it dies.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  /// The encrypted side of a connection that was accepted; it shakes hands by itself while it reads
  /// and writes. The socket stays the caller's, and must live longer. http2: whether a client that
  /// knows it gets it. nullptr = out of memory.
  virtual Transport* open(os::BorrowedFd socket, bool http2) noexcept = 0;
};

/// The encrypted side of a connection that we have opened. Shakes hands before anything else.
class TlsClientSession : public Transport {
 public:
  /// `done`: the server is who it should be.
  virtual Result shake_hands() noexcept = 0;
  /// After `failed`: why, cut to the size of `room` and ended by a NUL.
  virtual void explain(std::span<char> room) const noexcept = 0;
};

/// Whom servers elsewhere are believed: the CAs of the system.
class TlsClientContext {
 public:
  virtual ~TlsClientContext() = default;
  /// host: a name, or a numeric address, ended by a NUL: what the certificate has to be for. The
  /// socket stays the caller's, and must live longer. nullptr = out of memory.
  virtual TlsClientSession* open(os::BorrowedFd socket, const char* host) noexcept = 0;
};

/// A context of a certificate with its chain and a key, both PEM.
/// nullptr: why not is in `why`, cut to its size and ended by a NUL.
struct TlsMaterial {
  std::string_view certificate;
  std::string_view key;
};
using TlsOpen = TlsContext* (*)(const TlsMaterial& material, std::span<char> why);
inline constexpr const char* kTlsModule = "berth-tls.so";
inline constexpr const char* kTlsOpen = "berth_tls_open";
using TlsOpenClient = TlsClientContext* (*)(std::span<char> why);
inline constexpr const char* kTlsOpenClient = "berth_tls_open_client";

}  // namespace berth::proxy
