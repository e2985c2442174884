// Http2Module: loads the HTTP/2 module when it is wanted for the first time.
#pragma once

#include <memory>

#include "proxy/http2_session.h"

namespace berth::proxy {

class Http2Module {
 public:
  /// Whether clients can be offered HTTP/2: not if the module was missing.
  bool is_usable() const { return !failed_; }
  /// nullptr: none can be had; the reason has been reported.
  std::unique_ptr<Http2Session> open(Http2Handler& handler);

 private:
  Http2Open open_ = nullptr;  ///< of the module, which is never unloaded
  bool failed_ = false;
};

}  // namespace berth::proxy
