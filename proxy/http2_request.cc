// From fields to a head.
#include "proxy/http2_request.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "proxy/http_head.h"

namespace berth::proxy {
namespace {

/// Lower case: RFC 9113 section 8.2.1.
bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_sound_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_name_character);
}

bool is_sound_value(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// Without blanks and control characters: a word of the request line.
bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
  });
}

/// They belong to a connection of HTTP/1.1 (RFC 9113 section 8.2.2).
bool is_of_connection(const Http2Field& field) {
  constexpr std::array<std::string_view, 5> kNames = {"connection", "proxy-connection",
                                                      "keep-alive", "transfer-encoding", "upgrade"};
  return std::find(kNames.begin(), kNames.end(), field.name) != kNames.end() ||
         (field.name == "te" && !equals_ignoring_case(field.value, "trailers"));
}

}  // namespace

void Http2Request::add_pseudo(const Http2Field& field) {
  std::string* place = field.name == ":method"      ? &method_
                       : field.name == ":path"      ? &path_
                       : field.name == ":authority" ? &authority_
                                                    : nullptr;
  // How the request came to us we know better than the client.
  if (field.name == ":scheme")
    return;
  malformed_ |= place == nullptr || !place->empty() || !is_word(field.value);
  if (place != nullptr)
    *place = field.value.substr(0, kMaxHead);
}

void Http2Request::add_regular(const Http2Field& field) {
  malformed_ |= !is_sound_name(field.name) || is_of_connection(field);
  if (field.name == "host") {
    malformed_ |= !host_.empty() || !is_word(field.value);
    host_ = field.value;
  } else if (field.name == "cookie") {
    // Sent in crumbs for the sake of compression (RFC 9113 section 8.2.3).
    cookie_ += cookie_.empty() ? "" : "; ";
    cookie_ += field.value;
  } else {
    if (field.name == "content-length") {
      const char* end = field.value.data() + field.value.size();
      const auto [stop, error] = std::from_chars(field.value.data(), end, length_);
      malformed_ |= has_length_ || error != std::errc() || stop != end;
      has_length_ = true;
    }
    append_field(fields_, field.name, field.value);
  }
}

void Http2Request::add(const Http2Field& field) {
  malformed_ |= !is_sound_value(field.value);
  if (field.name.starts_with(':'))
    add_pseudo(field);
  else if (fields_.size() + cookie_.size() <= kMaxHead)
    add_regular(field);
}

bool Http2Request::is_target_sound() const {
  if (method_ == "CONNECT")
    return path_.empty() && !authority_.empty();
  return path_.starts_with('/') || (path_ == "*" && method_ == "OPTIONS");
}

std::string Http2Request::take_head(bool ends) {
  const bool two_hosts =
      !authority_.empty() && !host_.empty() && !equals_ignoring_case(authority_, host_);
  if (malformed_ || two_hosts || method_.empty() || !is_target_sound() || (ends && length_ > 0))
    return {};
  std::string head = method_;
  head += ' ';
  head += path_.empty() ? authority_ : path_;
  head += " HTTP/1.1\r\n";
  const std::string& host = authority_.empty() ? host_ : authority_;
  if (!host.empty())
    append_field(head, "Host", host);
  head += fields_;
  if (!cookie_.empty())
    append_field(head, "Cookie", cookie_);
  chunked_ = !ends && !has_length_;
  if (chunked_)
    append_field(head, "Transfer-Encoding", "chunked");
  head += "\r\n";
  fields_ = cookie_ = path_ = authority_ = host_ = std::string();
  return head;
}

std::string http1_trailer(const Http2Field& field) {
  std::string line;
  if (is_sound_name(field.name) && is_sound_value(field.value) && !is_of_connection(field))
    append_field(line, field.name, field.value);
  return line;
}

}  // namespace berth::proxy
