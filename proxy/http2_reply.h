// Http2Reply: reads the HTTP/1.1 reply that a Connection writes, and takes it apart into what
// HTTP/2 sends: fields, body, trailers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proxy/body_decoder.h"
#include "proxy/http2_session.h"

namespace berth::proxy {

class Http2Reply {
 public:
  enum class Event : std::uint8_t {
    none,     ///< a part of the head
    interim,  ///< a 1xx: fields()
    head,     ///< fields(), and is_over() if there is no body
    body,     ///< perhaps is_over() now
    broken,   ///< it is no reply
  };

  /// to_head: the request was a HEAD.
  explicit Http2Reply(bool to_head) : to_head_(to_head) {}

  /// Takes of `bytes` what belongs to one event; what it took is removed from them. The payload of
  /// a body is appended to `body`.
  Event take(std::string_view& bytes, std::string& body);
  /// `:status` first; valid until the next take().
  std::span<const Http2Field> fields() const { return fields_; }
  /// Nothing more belongs to the reply.
  bool is_over() const { return has_head_ && body_.is_complete(); }
  /// Of a body that is over; valid until the next take().
  std::vector<Http2Field> trailers();
  bool has_trailers() const { return !body_.trailers().empty(); }

 private:
  /// The head under way; it is gone while the body passes.
  struct Reading {
    HeadParser parser;
    HttpHead head;
  };
  Event take_head(std::string_view& bytes);
  void set_fields(HttpHead& head);

  std::unique_ptr<Reading> reading_;
  std::vector<Http2Field> fields_;
  std::string status_;
  std::string trailer_text_;
  BodyDecoder body_;
  bool to_head_;
  bool has_head_ = false;
};

}  // namespace berth::proxy
