// AccessLog: one line a request on standard output, which PID 1 reads, or in a file; it never waits
// for a reader.
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
  std::string_view protocol = "HTTP/1.1";
  int status = 0;
  std::uint64_t bytes = 0;  ///< of the body
  std::string_view request_id;
  std::chrono::microseconds duration{0};
  std::string_view referer;
  std::string_view user_agent;
  std::string_view fly_request_id;
  std::string_view tenant;  ///< the unit that it went to; empty = none
  ReplyKind kind = ReplyKind::error;
  std::string_view destination;    ///< where fly.io is to send it again
  std::string_view proxy_backend;  ///< where the unit was asked; empty = nobody was
  std::string_view file_path;
  std::string_view error_message;
  Milliseconds held{0};  ///< in the waiting room
};

/// Lines gather in a bounded buffer and go out at the end of the loop's turn. While the reader
/// stalls and the buffer is full lines are dropped; how many, says the next line that fits.
class AccessLog final : public os::FdHandler {
 public:
  AccessLog(os::EventLoop& loop, os::BorrowedFd output);
  ~AccessLog() override;
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// to: "stdout" or an absolute path.
  void configure(berth::AccessLog format, const std::string& to);
  void add(const AccessRecord& record);
  /// At the end of a turn.
  void flush();
  void on_events(os::Events events) noexcept override;
  /// Since the process began.
  std::uint64_t lines_dropped() const { return all_dropped_; }

 private:
  bool has_room();
  void add_json(const AccessRecord& record);
  void add_combined(const AccessRecord& record);
  std::string_view timestamp();
  /// The file if there is one and it is open, else standard output.
  os::BorrowedFd place() const;
  /// Opens the file if it is not, or not any more, what its path leads to. At most once a second.
  void look_after_file();

  os::EventLoop& loop_;
  os::BorrowedFd output_;
  std::string path_;  ///< empty = standard output
  os::UniqueFd file_;
  std::uint64_t file_inode_ = 0;
  os::TimePoint next_look_;
  bool trouble_said_ = false;
  berth::AccessLog format_ = berth::AccessLog::json;
  std::string buffer_;
  std::size_t sent_ = 0;
  std::uint64_t dropped_ = 0;  ///< not yet told
  std::uint64_t all_dropped_ = 0;
  bool waiting_ = false;  ///< watched until it is writable
  std::string timestamp_;
  std::uint64_t timestamp_ms_ = 0;
  os::TimePoint timestamp_turn_;
};

}  // namespace berth::proxy
