// TlsKeeper: the certificate in force. It loads the TLS module when one is configured, and reads
// certificate and key again when their files change.
#pragma once

#include <memory>
#include <optional>

#include "init/os/beneath.h"
#include "init/os/clock.h"
#include "proxy/tls_session.h"
#include "units/proxy_spec.h"

namespace berth::proxy {

class TlsKeeper {
 public:
  TlsKeeper() = default;
  TlsKeeper(const TlsKeeper&) = delete;
  TlsKeeper& operator=(const TlsKeeper&) = delete;

  /// What a new route table says.
  void configure(const TlsSpec& spec);
  /// The encrypted side of a connection that was accepted. nullptr: none can be had; the reason has
  /// been reported. Looks at the files, at most once a second. http2: whether it is offered.
  std::unique_ptr<Transport> open(os::BorrowedFd socket, bool http2, os::TimePoint now);

 private:
  struct Stamp {
    std::optional<os::FileInfo> certificate;
    std::optional<os::FileInfo> key;
    bool operator==(const Stamp&) const = default;
  };

  void refresh(os::TimePoint now);
  /// Nothing changes unless both files are good: the old certificate stays in force.
  Result<void> load();

  TlsSpec spec_;
  TlsOpen open_ = nullptr;  ///< of the module, which is never unloaded
  std::unique_ptr<TlsContext> context_;
  os::TimePoint next_look_;
  Stamp stamp_;
};

}  // namespace berth::proxy
