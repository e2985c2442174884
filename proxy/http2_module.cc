// Loading berth-http2.so.
#include "proxy/http2_module.h"

#include "proxy/diagnostics.h"
#include "proxy/module.h"

namespace berth::proxy {

std::unique_ptr<Http2Session> Http2Module::open(Http2Handler& handler) {
  if (open_ == nullptr && !failed_) {
    const Result<void*> loaded = load_module(kHttp2Module, kHttp2Open);
    failed_ = !loaded.has_value();
    if (failed_)
      report("http2: " + loaded.error().message + ": clients get HTTP/1.1");
    else
      open_ = reinterpret_cast<Http2Open>(*loaded);
  }
  return std::unique_ptr<Http2Session>(open_ == nullptr ? nullptr : open_(handler));
}

}  // namespace berth::proxy
