// How a line of the log looks on berth's standard output.
#include "init/log_format.h"

#include <chrono>
#include <cstdio>

#include "init/json_text.h"

namespace berth {
namespace {

constexpr std::string_view kTimestampKey = "@timestamp";

std::string_view level_word(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warning:
      return "warning";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      break;
  }
  return "info";
}

std::string_view stream_name(LogStream stream) {
  switch (stream) {
    case LogStream::out:
      return "stdout";
    case LogStream::err:
      return "stderr";
    case LogStream::berth:
      break;
  }
  return "berth";
}

/// "2025/boston" of "tenant@2025/boston".
std::string_view instance_of(std::string_view unit) {
  const std::size_t at = unit.find('@');
  return at == std::string_view::npos ? std::string_view() : unit.substr(at + 1);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

std::string message_of(const LineView& line) {
  if (line.stream != LogStream::berth || line.unit.empty())
    return std::string(line.text);
  return std::string(line.unit) + ": " + std::string(line.text);
}

void append_prefixed(std::string& out, const LineView& line) {
  out += '[';
  if (line.stream != LogStream::berth) {
    out += line.unit;
    out += "] ";
    out += line.text;
    return;
  }
  out += "berth] ";
  out += with_level_word(line.level, message_of(line));
}

void append_json(std::string& out, const LineView& line) {
  const bool of_berth = line.stream == LogStream::berth;
  if (!of_berth && line.text.starts_with('{') && is_json_object_with(line.text, kTimestampKey)) {
    out += line.text;
    return;
  }
  out += "{\"@timestamp\":\"";
  out += format_timestamp(line.time_ms);
  out += '"';
  append_field(out, "source", of_berth ? std::string_view("berth") : line.unit);
  append_field(out, "stream", stream_name(line.stream));
  if (of_berth)
    append_field(out, "level", level_word(line.level));
  append_field(out, "message", message_of(line));
  if (const std::string_view tenant = instance_of(line.unit); !tenant.empty())
    append_field(out, "tenant", tenant);
  out += '}';
}

}  // namespace

void append_line(std::string& out, LogFormat format, const LineView& line) {
  const bool of_berth = line.stream == LogStream::berth;
  if (format == LogFormat::none && !of_berth)
    return;
  if (format == LogFormat::json)
    append_json(out, line);
  else if (format == LogFormat::raw && !of_berth)
    out += line.text;
  else
    append_prefixed(out, line);
  out += '\n';
}

void append_file_line(std::string& out, LogFormat format, const LineView& line) {
  if (format == LogFormat::json || format == LogFormat::raw)
    return append_line(out, format, line);
  out += format_timestamp(line.time_ms);
  out += ' ';
  append_line(out, LogFormat::prefix, line);
}

std::string with_level_word(LogLevel level, std::string_view text) {
  if (level != LogLevel::error && level != LogLevel::warning)
    return std::string(text);
  return std::string(level_word(level)) + ": " + std::string(text);
}

std::string format_timestamp(std::uint64_t wall_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> moment{milliseconds(wall_ms)};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss<milliseconds> time(moment - day);
  char text[sizeof "2026-11-23T15:08:33.123Z" + 24];  // room for a clock that is far off
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text;
}

}  // namespace berth
