// ClientRequest: what a client has sent of its request so far.
#pragma once

#include <span>
#include <string>

#include "proxy/body_decoder.h"
#include "proxy/http_head.h"
#include "proxy/request_facts.h"

namespace berth::proxy {

class ClientRequest {
 public:
  HttpHead head;
  RequestFacts facts;
  BodyDecoder body;

  /// Bytes behind the head: of the body, or of requests that follow it (pipelining).
  std::span<char> leftover() { return std::span(leftover_).subspan(leftover_at_); }
  void use_leftover(std::size_t count) { leftover_at_ += count; }
  /// REQUIRES: leftover() is empty.
  void set_leftover(std::string_view bytes);
  /// The methods that may be sent twice (RFC 9110 section 9.2.2).
  bool is_idempotent() const;
  bool is_head_method() const { return head.method == HTTP_HEAD; }
  /// Drops what is there of a body that nobody wants. True if all of it was there, so that the
  /// connection can go on.
  bool discard_body();
  /// Forgets everything but the bytes of the next request.
  void clear();
  /// Gives back the memory that an unusually large request has left.
  void trim();

 private:
  std::string leftover_;
  std::size_t leftover_at_ = 0;
};

}  // namespace berth::proxy
