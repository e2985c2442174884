// berth's own messages: spdlog sorts them by level and hands the line on.
#define SPDLOG_HEADER_ONLY
#include "init/log.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <spdlog/logger.h>

namespace berth {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      break;
  }
  return spdlog::level::info;
}

LogLevel from_spdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
    case spdlog::level::err:
      return LogLevel::error;
    case spdlog::level::warn:
      return LogLevel::warning;
    case spdlog::level::debug:
    case spdlog::level::trace:
      return LogLevel::debug;
    default:
      return LogLevel::info;
  }
}

/// Before there is a LogHub, and where nothing may be lost.
void write_to_stderr(std::string_view line) {
  std::fprintf(stderr, "berth: %.*s\n", static_cast<int>(line.size()), line.data());
}

/// Hands each line to the LogSink that main() has set. LogHub formats: it knows the time and the
/// format of the output.
class HandOver final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    const std::string_view line(message.payload.data(), message.payload.size());
    if (target != nullptr)
      target->berth_line(from_spdlog(message.level), line);
    else
      write_to_stderr(line);
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  LogSink* target = nullptr;
};

/// The one piece of state that is reached without being passed: a message may come from anywhere.
/// spdlog::logger wants its sink shared; both end with the process.
struct Journal {
  std::shared_ptr<HandOver> sink = std::make_shared<HandOver>();
  spdlog::logger logger{"berth", sink};
};

Journal& journal() {
  static Journal the_one;
  return the_one;
}

}  // namespace

void set_log_sink(LogSink* sink) {
  journal().sink->target = sink;
}

void set_log_level(std::string_view level) {
  LogLevel wanted = LogLevel::info;
  if (level == "error")
    wanted = LogLevel::error;
  else if (level == "warning")
    wanted = LogLevel::warning;
  else if (level == "debug")
    wanted = LogLevel::debug;
  journal().logger.set_level(to_spdlog(wanted));
}

bool log_enabled(LogLevel level) noexcept {
  return journal().logger.should_log(to_spdlog(level));
}

void log(LogLevel level, std::string_view message) noexcept {
  try {
    journal().logger.log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
  } catch (...) {
    // Out of memory: the message is lost, PID 1 is not.
  }
}

void log_bug(std::string_view message) noexcept {
#ifdef BERTH_DEBUG
  // The loop will not run again, so what is queued for the output would be lost.
  write_to_stderr(message);
  std::abort();
#else
  try {
    log(LogLevel::error, "bug: " + std::string(message));
  } catch (...) {
    log(LogLevel::error, message);  // out of memory
  }
#endif
}

}  // namespace berth
