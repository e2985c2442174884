// Http2Request: the fields of an HTTP/2 request become the head of an HTTP/1.1 request, so that
// everything behind it sees one kind of request.
//
// What could be read differently as text than as fields is refused here: names and values with
// characters that end a line, blanks in the request line, fields of the connection (RFC 9113
// section 8.2 and 8.3).
#pragma once

#include <cstdint>
#include <string>

#include "proxy/http2_session.h"

namespace berth::proxy {

class Http2Request {
 public:
  void add(const Http2Field& field);
  /// The head, once all fields are there. ends: no body follows. Empty: the request is malformed.
  /// One with too many or too long fields is only given that far that HeadParser says so.
  std::string take_head(bool ends);
  /// Whether the body goes out in chunks, since nobody has told its length. After take_head().
  bool is_chunked() const { return chunked_; }
  /// The length that was told. After take_head(), and unless is_chunked().
  std::uint64_t length() const { return length_; }
  bool is_head_method() const { return method_ == "HEAD"; }

 private:
  void add_pseudo(const Http2Field& field);
  void add_regular(const Http2Field& field);
  bool is_target_sound() const;

  std::string method_;
  std::string path_;
  std::string authority_;
  std::string host_;
  std::string cookie_;
  std::string fields_;
  bool malformed_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
  std::uint64_t length_ = 0;
};

/// A trailer field as a line with its end; "" if it may not be passed on.
std::string http1_trailer(const Http2Field& field);

}  // namespace berth::proxy
