// The rules of RFC 9112 that keep two servers from reading one message differently.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "proxy/http_head.h"

namespace berth::proxy {
namespace {

/// llhttp knows RTSP and ICE as well.
constexpr std::string_view kVersion = " HTTP/1.";
constexpr std::string_view kVersionEnd = "x\r\n";

/// Every line ends in CR LF, none starts with a blank (a folded field) or a colon (a field without
/// name), there is no other CR and no NUL. llhttp 8.1 is content with less in some places.
bool has_sound_lines(std::string_view raw) {
  if (std::memchr(raw.data(), '\0', raw.size()) != nullptr)
    return false;
  std::size_t line = 0;
  while (line < raw.size()) {
    const std::size_t end = raw.find('\n', line);
    if (end == std::string_view::npos || end == line || raw[end - 1] != '\r')
      return false;
    const std::string_view text = raw.substr(line, end - 1 - line);
    if (std::memchr(text.data(), '\r', text.size()) != nullptr)
      return false;
    if (!text.empty() && (text[0] == ' ' || text[0] == '\t' || text[0] == ':'))
      return false;
    line = end + 1;
  }
  return true;
}

/// One blank between method, target and version, and nothing else.
bool has_sound_request_line(const HttpHead& head) {
  const std::size_t target_end = std::size_t{head.target.at} + head.target.size;
  return head.target.at == head.method_text.at + head.method_text.size + 1 &&
         head.raw.find('\n') + 1 == target_end + kVersion.size() + kVersionEnd.size() &&
         head.raw.compare(target_end, kVersion.size(), kVersion) == 0;
}

/// Decimal digits only: no sign, no blank, no list, no overflow.
bool read_length(std::string_view text, std::uint64_t& length) {
  const char* end = text.data() + text.size();
  if (text.empty() || text[0] < '0' || text[0] > '9')
    return false;
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  return error == std::errc() && stop == end;
}

/// What the fields of one head say, added up.
struct Framing {
  std::size_t lengths = 0;
  std::size_t encodings = 0;
  std::size_t hosts = 0;
  bool chunked = false;
  bool bad = false;
  bool close = false;
  bool keep_alive = false;
  bool connection_upgrade = false;
  bool upgrade = false;
};

void note_connection(std::string_view value, Framing& framing) {
  framing.close |= list_has_token(value, "close");
  framing.keep_alive |= list_has_token(value, "keep-alive");
  framing.connection_upgrade |= list_has_token(value, "upgrade");
}

void note_field(HttpHead& head, const HeaderField& field, Framing& framing) {
  const std::string_view value = head.value_of(field);
  switch (field.name) {
    case HeaderName::content_length:
      ++framing.lengths;
      framing.bad |= !read_length(value, head.content_length);
      break;
    case HeaderName::transfer_encoding:
      ++framing.encodings;
      framing.chunked = equals_ignoring_case(value, "chunked");
      break;
    case HeaderName::host:
      ++framing.hosts;
      break;
    case HeaderName::connection:
      note_connection(value, framing);
      break;
    case HeaderName::upgrade:
      framing.upgrade = !value.empty();
      break;
    case HeaderName::expect:
      head.expects_continue = equals_ignoring_case(value, "100-continue");
      break;
    default:
      break;
  }
}

HeadOutcome decide_body(HeadKind kind, HttpHead& head, const Framing& framing) {
  if (framing.bad || framing.lengths > 1 || framing.encodings > 1)
    return HeadOutcome::malformed;
  // Both at once is how requests are smuggled; so is a coding that HTTP/1.0 does not know.
  if (framing.encodings == 1 && (framing.lengths == 1 || head.minor == 0))
    return HeadOutcome::malformed;
  if (framing.encodings == 1 && !framing.chunked)
    return HeadOutcome::encoding_unsupported;
  head.has_content_length = framing.lengths == 1;
  if (framing.chunked)
    head.body = BodyKind::chunked;
  else if (head.has_content_length)
    head.body = head.content_length > 0 ? BodyKind::length : BodyKind::none;
  else
    head.body = kind == HeadKind::request ? BodyKind::none : BodyKind::until_close;
  return HeadOutcome::complete;
}

}  // namespace

HeadOutcome apply_head_rules(HeadKind kind, HttpHead& head) {
  if (!has_sound_lines(head.raw) || (kind == HeadKind::request && !has_sound_request_line(head)))
    return HeadOutcome::malformed;
  Framing framing;
  for (HeaderField& field : head.fields) {
    const std::string_view value = head.value_of(field);
    const std::string_view kept = trimmed(value);
    field.value.at += static_cast<std::uint32_t>(kept.empty() ? 0 : kept.data() - value.data());
    field.value.size = static_cast<std::uint32_t>(kept.size());
    field.name = header_name(head.name_of(field));
    if (kind == HeadKind::request && is_disguised_header(head.name_of(field)))
      return HeadOutcome::malformed;
    note_field(head, field, framing);
  }
  if (kind == HeadKind::request) {
    if (framing.hosts > 1 || (framing.hosts == 0 && head.minor == 1))
      return HeadOutcome::malformed;
    if (head.method == HTTP_CONNECT || head.method == HTTP_TRACE)
      return HeadOutcome::method_refused;
  }
  head.keep_alive = !framing.close && (head.minor == 1 || framing.keep_alive);
  head.wants_upgrade = framing.connection_upgrade && framing.upgrade && head.minor == 1;
  return decide_body(kind, head, framing);
}

std::optional<std::uint32_t> max_forwards(const HttpHead& head) {
  const std::string_view text = head.value(HeaderName::max_forwards);
  std::uint64_t count = 0;
  if (!read_length(text, count))
    return std::nullopt;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
}

BodyKind response_body_kind(const HttpHead& head, bool to_head) {
  const bool bodiless = head.status < 200 || head.status == 204 || head.status == 304;
  return to_head || bodiless ? BodyKind::none : head.body;
}

}  // namespace berth::proxy
