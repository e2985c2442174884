// How a line of the log looks on berth's standard output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "init/log.h"
#include "units/snapshot.h"
#include "units/unit.h"

namespace berth {

/// A line on its way to the output; it owns nothing.
struct LineView {
  std::string_view unit;  ///< whose line, or the unit that berth's line is about; empty = none
  LogStream stream = LogStream::out;
  std::string_view text;
  std::uint64_t time_ms = 0;        ///< wall clock since 1970
  LogLevel level = LogLevel::info;  ///< of berth's own lines
};

/// Appends the line and its newline:
///   prefix  "[redis] text"; of berth itself "[berth] error: redis: text"
///   json    {"@timestamp":…,"source":…,"stream":…,"message":…}, with "tenant" where the unit is an
///           instance and "level" in lines of berth; a unit's line that is a JSON object with
///           "@timestamp" already stays as it is
///   raw     the text of a unit as it is; lines of berth as with prefix
///   none    nothing; lines of berth as with prefix
void append_line(std::string& out, LogFormat format, const LineView& line);

/// The same for a file: `prefix` and `none` look as `prefix` with the time in front, "2026-11-23T
/// 15:08:33.123Z [redis] text".
void append_file_line(std::string& out, LogFormat format, const LineView& line);

/// "error: text", "warning: text"; the other levels have no word.
std::string with_level_word(LogLevel level, std::string_view text);

/// "2026-11-23T15:08:33.123Z" (RFC 3339, UTC).
std::string format_timestamp(std::uint64_t wall_ms);

}  // namespace berth
