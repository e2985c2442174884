// HttpHead: the head of a request or a response, as it came, in one piece of memory; and
// HeadParser, which fills it.
//
// llhttp reads the grammar. What it lets pass and we do not is checked afterwards over the whole
// head (head_rules.cc): a line ends in CR LF and in nothing else, no field is continued on the next
// line, no NUL, one framing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <llhttp.h>

#include "proxy/header_name.h"

namespace berth::proxy {

/// The largest head; nginx and HAProxy stop earlier, Rails applications with large cookies do not.
inline constexpr std::size_t kMaxHead = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxTarget = std::size_t{8} * 1024;
inline constexpr std::size_t kMaxFields = 256;

/// A stretch of HttpHead::raw.
struct Span {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

struct HeaderField {
  Span name_text;
  Span value;
  HeaderName name = HeaderName::other;
};

enum class HeadKind : std::uint8_t { request, response };

/// How the end of a message's body is found (RFC 9112 section 6.3).
enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

class HttpHead {
 public:
  std::string raw;  ///< request or status line and fields, with the empty line at the end
  std::vector<HeaderField> fields;
  Span target;             ///< request
  Span method_text;        ///< request
  std::uint8_t method{};   ///< request: llhttp_method_t
  std::uint8_t minor{};    ///< HTTP/1.minor
  std::uint16_t status{};  ///< response

  // Decided by the rules once the head is complete.
  BodyKind body = BodyKind::none;
  std::uint64_t content_length = 0;  ///< if body is `length`
  bool has_content_length = false;   ///< also where there is no body: HEAD, 304
  bool keep_alive = false;           ///< the sender is willing to use the connection again
  bool wants_upgrade = false;        ///< Connection has `upgrade` and there is an Upgrade field
  bool expects_continue = false;

  std::string_view text(Span span) const {
    return std::string_view(raw).substr(span.at, span.size);
  }
  std::string_view name_of(const HeaderField& field) const { return text(field.name_text); }
  std::string_view value_of(const HeaderField& field) const { return text(field.value); }
  /// The value of the first field of that name; empty if there is none.
  std::string_view value(HeaderName name) const;
  std::size_t count(HeaderName name) const;
  void clear();
};

enum class HeadOutcome : std::uint8_t {
  more,                  ///< not complete yet
  complete,              ///< the head is there and is sound
  malformed,             ///< 400
  too_large,             ///< 431
  target_too_long,       ///< 414
  version_unsupported,   ///< 505
  method_unknown,        ///< 501 (RFC 9110 section 15.6.2)
  method_refused,        ///< 405: CONNECT and TRACE are for no proxy of this kind
  encoding_unsupported,  ///< 501: a transfer coding other than chunked (RFC 9112 section 6.1)
};

/// Fed as the bytes come, in whatever portions: the outcome is the same. One for each head.
class HeadParser {
 public:
  /// Begins a head anew. `head` is cleared and must outlive the parsing.
  void start(HeadKind kind, HttpHead& head);
  /// Takes of `bytes` what belongs to the head; `used` says how much that was.
  /// REQUIRES: the last outcome was `more`.
  HeadOutcome feed(std::string_view bytes, std::size_t& used);

 private:
  HeadOutcome feed_slice(std::string_view slice, std::size_t& used);
  HeadOutcome failure() const;
  /// Whether it failed because of what could be a method, if we knew it.
  bool met_unknown_method() const;

  static const llhttp_settings_t& settings();
  static int on_url(llhttp_t* parser, const char* at, std::size_t size);
  static int on_method(llhttp_t* parser, const char* at, std::size_t size);
  static int on_field(llhttp_t* parser, const char* at, std::size_t size);
  static int on_value(llhttp_t* parser, const char* at, std::size_t size);
  static int on_value_complete(llhttp_t* parser);
  static int on_headers_complete(llhttp_t* parser);
  Span& extend(Span& span, const char* at, std::size_t size) const;

  llhttp_t parser_;
  HttpHead* head_ = nullptr;
  bool in_name_ = false;
  bool complete_ = false;
};

/// What RFC 9112 asks of a complete head beyond its grammar; fills in the decided members of
/// `head`.
HeadOutcome apply_head_rules(HeadKind kind, HttpHead& head);

/// How many hops the request may still take; nothing if it does not say, or no number.
std::optional<std::uint32_t> max_forwards(const HttpHead& head);

/// How the body of the response `head` to a request is delimited. REQUIRES: apply_head_rules() was
/// content with it. `to_head` = the request was a HEAD.
BodyKind response_body_kind(const HttpHead& head, bool to_head);

}  // namespace berth::proxy
