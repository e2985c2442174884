// Compressor: a reply's body, compressed as it comes.
//
// Whatever is put in comes out at once: server-sent events, and pages that are sent while they are
// made, are not collected. zlib and brotli are in the program; their code and tables are brought
// into memory when the first reply is compressed. One file includes them: compressor.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/content_coding.h"
#include "units/proxy_spec.h"

namespace berth::proxy {

class Compressor {
 public:
  /// gzip or br; null if there is no memory for it.
  static std::unique_ptr<Compressor> make(Coding coding);
  virtual ~Compressor() = default;
  /// Appends what becomes of `bytes` to `out`; `last`: and the end.
  virtual void take(std::string_view bytes, bool last, std::string& out) = 0;
};

/// Which replies are compressed: [proxy.compress].
class CompressionRules {
 public:
  void assign(const ProxySpec& spec);
  bool is_on() const { return on_; }
  /// Whether a reply with this head is of a kind that is compressed for clients that take it.
  bool covers(const HttpHead& reply) const;

 private:
  bool on_ = false;
  std::vector<std::string> types_;
  std::uint64_t min_size_ = 0;
};

/// What of the client's codings a Compressor has; identity if nothing.
Coding coding_for(const HttpHead& request);

}  // namespace berth::proxy
