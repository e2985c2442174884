// Dates, numbers, escapes.
#include "proxy/text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace berth::proxy {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Calendar {
  int year;
  unsigned month;  ///< from 1
  unsigned day;
  unsigned weekday;  ///< 0 = Sunday
  long hour, minute, second;
};

Calendar calendar_of(std::int64_t seconds) {
  using std::chrono::sys_days;
  const std::chrono::sys_seconds at{std::chrono::seconds(seconds)};
  const auto midnight = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{at - midnight};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          std::chrono::weekday(midnight).c_encoding(),
          clock.hours().count(),
          clock.minutes().count(),
          clock.seconds().count()};
}

/// The number in text[at, at + width), or -1.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  int number = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9')
      return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

/// The length of the UTF-8 sequence at the start of `text`; 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first >= 0xf0 && first < 0xf5   ? 4
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xc2 && first < 0xe0 ? 2
                                                             : 0;
  if (length == 0 || text.size() < length)
    return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
      return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : length;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

constexpr std::string_view kHex = "0123456789abcdef";

}  // namespace

std::string http_date(std::int64_t seconds) {
  const Calendar c = calendar_of(seconds);
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%s, %02u %s %04d %02ld:%02ld:%02ld GMT",
                                 kDays[c.weekday].data(), c.day, kMonths[c.month - 1].data(),
                                 c.year, c.hour, c.minute, c.second);
  return {text, static_cast<std::size_t>(size)};
}

std::int64_t parse_http_date(std::string_view text) {
  if (text.size() != 29 || !text.ends_with(" GMT"))
    return -1;
  const int day = digits(text, 5, 2);
  const int year = digits(text, 12, 4);
  const int hour = digits(text, 17, 2);
  const int minute = digits(text, 20, 2);
  const int second = digits(text, 23, 2);
  unsigned month = 0;
  while (month < kMonths.size() && kMonths[month] != text.substr(8, 3))
    ++month;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month + 1),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (day < 0 || year < 0 || hour < 0 || minute < 0 || second < 0 || !date.ok())
    return -1;
  return std::chrono::sys_days(date).time_since_epoch() / std::chrono::seconds(1) + hour * 3600 +
         minute * 60 + second;
}

std::string clf_date(std::uint64_t milliseconds) {
  const Calendar c = calendar_of(static_cast<std::int64_t>(milliseconds / 1000));
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%02u/%.3s/%04d:%02ld:%02ld:%02ld +0000", c.day,
                                 kMonths[c.month - 1].data(), c.year, c.hour, c.minute, c.second);
  return {text, static_cast<std::size_t>(size)};
}

std::string iso_date(std::uint64_t milliseconds) {
  const Calendar c = calendar_of(static_cast<std::int64_t>(milliseconds / 1000));
  char text[64];
  const int size =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02ld:%02ld:%02ld.%03uZ", c.year, c.month,
                    c.day, c.hour, c.minute, c.second, static_cast<unsigned>(milliseconds % 1000));
  return {text, static_cast<std::size_t>(size)};
}

void append_number(std::string& out, std::uint64_t number) {
  char text[20];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

void append_hex(std::string& out, std::uint64_t number) {
  char text[16];
  out.append(text, std::to_chars(text, text + sizeof text, number, 16).ptr);
}

void append_json(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t sequence = c >= 0x80 ? utf8_length(text.substr(i)) : 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c < ' ' || c == 0x7f || sequence == 0) {
      out += "\\u00";
      out += kHex[c / 16];
      out += kHex[c % 16];
    } else {
      out += text.substr(i, sequence);
      i += sequence - 1;
    }
  }
}

void append_html(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
}

bool decode_base64(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0)
    return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::uint32_t bits = 0;
  std::size_t count = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const int value = base64_value(c);
    if (value < 0)
      return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++count % 4 == 0) {
      out += static_cast<char>(bits >> 16 & 0xff);
      out += static_cast<char>(bits >> 8 & 0xff);
      out += static_cast<char>(bits & 0xff);
      bits = 0;
    }
  }
  if (padding == 2)
    out += static_cast<char>(bits >> 4 & 0xff);
  if (padding == 1) {
    out += static_cast<char>(bits >> 10 & 0xff);
    out += static_cast<char>(bits >> 2 & 0xff);
  }
  return true;
}

}  // namespace berth::proxy
