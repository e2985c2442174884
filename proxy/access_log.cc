// The access log.
#include "proxy/access_log.h"

#include "init/os/beneath.h"
#include "init/os/stream.h"
#include "proxy/diagnostics.h"
#include "proxy/text.h"

namespace berth::proxy {
namespace {

/// What a pipe holds, once more.
constexpr std::size_t kMaxBuffer = std::size_t{64} * 1024;
/// The fields that the client chooses are cut to this, so that a line has a bound.
constexpr std::size_t kMaxField = std::size_t{2} * 1024;
/// Whether somebody has moved the file away.
constexpr std::chrono::seconds kLookEvery{1};

void append_text(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":\"";
  append_json(out, value.substr(0, kMaxField));
  out += '"';
}

void append_if_any(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty())
    append_text(out, name, value);
}

void append_count(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_number(out, value);
}

/// A quoted field of the combined format.
void append_quoted(std::string& out, std::string_view value) {
  out += " \"";
  if (value.empty())
    out += '-';
  append_json(out, value.substr(0, kMaxField));
  out += '"';
}

void append_seconds(std::string& out, std::chrono::microseconds duration) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  append_number(out, us / 1'000'000);
  std::string fraction = std::to_string(us % 1'000'000);
  out += '.';
  out.append(6 - fraction.size(), '0');
  out += fraction;
}

}  // namespace

AccessLog::AccessLog(os::EventLoop& loop, os::BorrowedFd output) : loop_(loop), output_(output) {}

AccessLog::~AccessLog() {
  if (waiting_)
    loop_.unwatch(place());
}

std::string_view AccessLog::timestamp() {
  if (timestamp_turn_ == loop_.now())
    return timestamp_;
  timestamp_turn_ = loop_.now();
  const std::uint64_t now = loop_.clock().wall_ms();
  if (now != timestamp_ms_) {
    timestamp_ms_ = now;
    timestamp_ = iso_date(now);
  }
  return timestamp_;
}

bool AccessLog::has_room() {
  if (buffer_.size() - sent_ >= kMaxBuffer)
    flush();
  if (buffer_.size() - sent_ >= kMaxBuffer) {
    ++dropped_;
    ++all_dropped_;
    return false;
  }
  return true;
}

void AccessLog::add(const AccessRecord& record) {
  if (format_ == berth::AccessLog::none || !has_room())
    return;
  if (format_ == berth::AccessLog::json)
    add_json(record);
  else
    add_combined(record);
}

void AccessLog::add_json(const AccessRecord& record) {
  buffer_ += "{\"@timestamp\":\"";
  buffer_ += timestamp();
  buffer_ += '"';
  append_text(buffer_, "client_ip", record.client_ip);
  append_text(buffer_, "remote_user", record.remote_user.empty() ? "-" : record.remote_user);
  append_text(buffer_, "method", record.method);
  append_text(buffer_, "uri", record.uri);
  append_text(buffer_, "protocol", record.protocol);
  append_count(buffer_, "status", static_cast<std::uint64_t>(record.status));
  append_count(buffer_, "body_bytes_sent", record.bytes);
  append_text(buffer_, "request_id", record.request_id);
  buffer_ += ",\"request_time\":\"";
  append_seconds(buffer_, record.duration);
  buffer_ += '"';
  append_text(buffer_, "referer", record.referer);
  append_text(buffer_, "user_agent", record.user_agent);
  append_if_any(buffer_, "fly_request_id", record.fly_request_id);
  append_if_any(buffer_, "tenant", record.tenant);
  append_text(buffer_, "response_type", to_string(record.kind));
  append_if_any(buffer_, "destination", record.destination);
  append_if_any(buffer_, "proxy_backend", record.proxy_backend);
  append_if_any(buffer_, "file_path", record.file_path);
  append_if_any(buffer_, "error_message", record.error_message);
  if (record.held.count() > 0) {
    buffer_ += ",\"hold_time\":\"";
    append_seconds(buffer_, record.held);
    buffer_ += '"';
  }
  if (dropped_ > 0)
    append_count(buffer_, "lines_dropped", std::exchange(dropped_, 0));
  buffer_ += "}\n";
}

void AccessLog::add_combined(const AccessRecord& record) {
  buffer_ += record.client_ip.empty() ? std::string_view("-") : record.client_ip;
  buffer_ += " - ";
  append_json(buffer_, record.remote_user.empty() ? "-" : record.remote_user);
  buffer_ += " [";
  buffer_ += clf_date(loop_.clock().wall_ms());
  buffer_ += "] \"";
  append_json(buffer_, record.method);
  buffer_ += ' ';
  append_json(buffer_, record.uri.substr(0, kMaxField));
  buffer_ += ' ';
  buffer_ += record.protocol;
  buffer_ += "\" ";
  append_number(buffer_, static_cast<std::uint64_t>(record.status));
  buffer_ += ' ';
  append_number(buffer_, record.bytes);
  append_quoted(buffer_, record.referer);
  append_quoted(buffer_, record.user_agent);
  buffer_ += '\n';
}

void AccessLog::configure(berth::AccessLog format, const std::string& to) {
  format_ = format;
  const std::string path = to == "stdout" ? std::string() : to;
  if (path == path_)
    return;
  flush();
  if (waiting_)
    loop_.unwatch(place());
  waiting_ = false;
  path_ = path;
  file_.reset();
  next_look_ = os::TimePoint();
  trouble_said_ = false;
}

os::BorrowedFd AccessLog::place() const {
  return file_.is_open() ? file_.borrow() : output_;
}

void AccessLog::look_after_file() {
  if (path_.empty() || waiting_ || loop_.now() < next_look_)
    return;
  next_look_ = loop_.now() + kLookEvery;
  if (file_.is_open()) {
    const auto there = os::file_info(path_);
    if (there && there->inode == file_inode_)
      return;
    file_.reset();
  }
  auto opened = os::open_for_appending(path_);
  if (!opened) {
    if (!std::exchange(trouble_said_, true))
      report("access log: " + opened.error().message + ": its lines go to the output");
    return;
  }
  trouble_said_ = false;
  file_ = *std::move(opened);
  const auto info = os::file_info(file_.borrow());
  file_inode_ = info ? info->inode : 0;
}

void AccessLog::flush() {
  if (sent_ == 0 && !buffer_.empty())
    look_after_file();
  while (sent_ < buffer_.size()) {
    const os::Transfer result = os::write_some(place(), std::string_view(buffer_).substr(sent_));
    if (result.state == os::TransferState::would_block) {
      if (!waiting_)
        waiting_ = loop_.watch(place(), false, true, *this);
      return;
    }
    // Nobody reads any more: the lines are lost, as they would be anyway.
    sent_ = result.state == os::TransferState::done ? sent_ + result.size : buffer_.size();
  }
  buffer_.clear();
  sent_ = 0;
  if (waiting_) {
    loop_.unwatch(place());
    waiting_ = false;
  }
}

void AccessLog::on_events(os::Events) noexcept {
  flush();
}

}  // namespace berth::proxy
