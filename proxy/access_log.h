// AccessLog: one line a request on standard output, which PID 1 reads; it never waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "init/os/event_loop.h"
#include "proxy/own_reply.h"
#include "units/proxy_spec.h"

namespace berth::proxy {

/// What a line tells. Views are valid during the call.
struct AccessRecord {
  std::string_view client_ip;
  std::string_view remote_user;
  std::string_view method;
  std::string_view uri;
  std::uint8_t minor = 1;
  int status = 0;
  std::uint64_t bytes = 0;  ///< of the body
  std::string_view request_id;
  std::chrono::microseconds duration{0};
  std::string_view referer;
  std::string_view user_agent;
  std::string_view tenant;  ///< the unit that it went to; empty = none
  ReplyKind kind = ReplyKind::error;
};

/// Lines gather in a bounded buffer and go out at the end of the loop's turn. While the reader
/// stalls and the buffer is full lines are dropped; how many, says the next line that fits.
class AccessLog final : public os::FdHandler {
 public:
  AccessLog(os::EventLoop& loop, os::BorrowedFd output);
  ~AccessLog() override;
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void set_format(berth::AccessLog format) { format_ = format; }
  void add(const AccessRecord& record);
  /// At the end of a turn.
  void flush();
  void on_events(os::Events events) noexcept override;

 private:
  bool has_room();
  void add_json(const AccessRecord& record);
  void add_combined(const AccessRecord& record);
  std::string_view timestamp();

  os::EventLoop& loop_;
  os::BorrowedFd output_;
  berth::AccessLog format_ = berth::AccessLog::json;
  std::string buffer_;
  std::size_t sent_ = 0;
  std::uint64_t dropped_ = 0;
  bool waiting_ = false;  ///< watched until it is writable
  std::string timestamp_;
  std::uint64_t timestamp_ms_ = 0;
  os::TimePoint timestamp_turn_;
};

}  // namespace berth::proxy
