// Small texts: dates, numbers, escapes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::proxy {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7); seconds since 1970.
std::string http_date(std::int64_t seconds);
/// Reads that form only; -1 if `text` is no such date.
std::int64_t parse_http_date(std::string_view text);
/// "23/Nov/2026:15:08:43 +0000", as in the Common Log Format; milliseconds since 1970.
std::string clf_date(std::uint64_t milliseconds);
/// "2026-11-23T15:08:43.123Z"; milliseconds since 1970.
std::string iso_date(std::uint64_t milliseconds);

void append_number(std::string& out, std::uint64_t number);
void append_hex(std::string& out, std::uint64_t number);
/// `text` inside a JSON string. Bytes above 127 stand for Latin-1 unless they are sound UTF-8.
void append_json(std::string& out, std::string_view text);
/// `text` inside HTML.
void append_html(std::string& out, std::string_view text);
/// False if `text` is not base64 with padding.
bool decode_base64(std::string_view text, std::string& out);

}  // namespace berth::proxy
