// berth's own messages: one line each, through LogHub like everybody else's. spdlog lives in
// log.cc.
#pragma once

#include <string>
#include <string_view>

namespace berth {

enum class LogLevel { error, warning, info, debug };

/// Where a finished line goes; set by main() (LogHub), standard error until then and for null.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void berth_line(LogLevel level, std::string_view line) noexcept = 0;
};
void set_log_sink(LogSink* sink);
/// "error", "warning", "info", "debug"; anything else is "info".
void set_log_level(std::string_view level);
/// Whether messages of `level` are wanted.
bool log_enabled(LogLevel level) noexcept;

void log(LogLevel level, std::string_view message) noexcept;
inline void log_error(std::string_view message) noexcept {
  log(LogLevel::error, message);
}
inline void log_warning(std::string_view message) noexcept {
  log(LogLevel::warning, message);
}
inline void log_info(std::string_view message) noexcept {
  log(LogLevel::info, message);
}
inline void log_debug(std::string_view message) noexcept {
  log(LogLevel::debug, message);
}
/// A state of affairs that cannot be: logged with its values, and in debug builds the end. Never in
/// release builds.
void log_bug(std::string_view message) noexcept;

}  // namespace berth
