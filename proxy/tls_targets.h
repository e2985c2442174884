// TlsTargets: TLS towards the servers elsewhere that routes name by https. It loads the TLS module
// when the first of them is asked.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "init/os/clock.h"
#include "proxy/tls_session.h"

namespace berth::proxy {

class TlsTargets {
 public:
  TlsTargets() = default;
  TlsTargets(const TlsTargets&) = delete;
  TlsTargets& operator=(const TlsTargets&) = delete;

  /// The encrypted side of a connection to `host`. nullptr: none can be had; the reason has been
  /// reported.
  std::unique_ptr<TlsClientSession> open(os::BorrowedFd socket, const std::string& host,
                                         os::TimePoint now);
  /// Says why a target cannot be asked: the same once a minute.
  void complain(const std::string& target, const std::string& why, os::TimePoint now);

 private:
  struct Complaint {
    std::string why;
    os::TimePoint when;
  };

  std::unique_ptr<TlsClientContext> context_;
  std::map<std::string, Complaint, std::less<>> complaints_;  ///< by target: as many as are named
};

}  // namespace berth::proxy
