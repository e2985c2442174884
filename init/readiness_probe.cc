// Finds out, without ever blocking, when a unit that runs has become ready.
//
// A probe looks, and if the answer is no it looks again later. A look is over at once (a file), or
// goes through connecting, asking and reading on one socket that the loop watches. Only the first
// bytes of a reply are read: PID 1 parses no network input but a status line.
#include "init/readiness_probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "init/os/errno_error.h"
#include "init/os/socket.h"
#include "init/os/stream.h"
#include "init/os/stream_socket.h"

namespace berth {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// A look costs some 20 us: one in 2 ms for the first quarter of a second is not felt, and whoever
/// waits for a quick unit does not wait for us.
constexpr milliseconds kFirstInterval{2};
constexpr milliseconds kLastInterval{500};
/// Without an interval of its own, a probe waits this part of the time that has gone by: it notices
/// a unit at most 1 % later than it could, and a slow one costs a few hundred looks.
constexpr int kIntervalPart = 128;
/// The shortest limit of one look.
constexpr milliseconds kLookLimit{1000};

constexpr std::size_t kStatusLinePart = 16;  ///< "HTTP/1.1 200 OK\r" and nothing more is read

/// The status of a reply that begins with `line` (RFC 9112 section 4), or 0.
unsigned http_status(std::string_view line) {
  constexpr std::string_view kProtocol = "HTTP/1.";
  constexpr std::size_t kStatusAt = 9;  // after "HTTP/1.1 "
  constexpr std::size_t kStatusSize = 3;
  if (!line.starts_with(kProtocol) || line.size() < kStatusAt + kStatusSize ||
      line[kStatusAt - 1] != ' ')
    return 0;
  const std::string_view digits = line.substr(kStatusAt, kStatusSize);
  unsigned status = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  return error == std::errc() && end == digits.data() + digits.size() ? status : 0;
}

std::string http_request(const std::string& target, const Address& address) {
  const std::string host =
      address.family == Address::Family::unix_socket ? "localhost" : format_address(address);
  return "GET " + target + " HTTP/1.0\r\nHost: " + host +
         "\r\nUser-Agent: berth\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

}  // namespace

class ReadinessProbe::Impl final : private os::FdHandler {
 public:
  Impl(os::EventLoop& loop, const ReadyCheck& check, const Address& endpoint,
       std::function<void()> ready)
      : loop_(loop),
        check_(check),
        address_(check.at_endpoint ? endpoint : check.address),
        ready_(std::move(ready)),
        began_(loop.now()) {
    next_look_ = loop_.after(nanoseconds(0), [this] { look(); });
  }
  ~Impl() override {
    hang_up();
    loop_.cancel(next_look_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const std::string& last_answer() const { return answer_; }

 private:
  enum class Step { connecting, asking, reading };

  void on_events(os::Events events) noexcept override;
  void look();
  void look_at_file();
  void start_connection();
  void connected();
  void ask();
  void read_reply();
  void judge_reply();
  /// The answer is no: says why, and looks again later. Nothing of the look is left.
  void not_yet(std::string why);
  /// The answer is yes. The owner may destroy this object now: nothing may be touched afterwards.
  void finish(std::string how);
  void hang_up();
  nanoseconds interval() const;

  os::EventLoop& loop_;
  const ReadyCheck check_;
  const Address address_;
  std::function<void()> ready_;
  const os::TimePoint began_;
  std::string answer_ = "not looked yet";
  os::TimerId next_look_ = os::kNoTimer;
  // Of the look that is going on:
  os::UniqueFd socket_;
  os::TimerId look_limit_ = os::kNoTimer;
  Step step_ = Step::connecting;
  std::string request_;  ///< what is left to send
  std::array<char, kStatusLinePart> reply_{};
  std::size_t reply_size_ = 0;
};

void ReadinessProbe::Impl::on_events(os::Events) noexcept {
  switch (step_) {
    case Step::connecting:
      if (const int number = os::connect_error(socket_.borrow()); number != 0) {
        not_yet("connect " + format_address(address_) + ": " + os::errno_text(number));
        return;
      }
      connected();
      return;
    case Step::asking:
      ask();
      return;
    case Step::reading:
      read_reply();
      return;
  }
}

void ReadinessProbe::Impl::look() {
  next_look_ = os::kNoTimer;
  if (check_.way == ReadyCheck::Way::file)
    look_at_file();
  else
    start_connection();
}

void ReadinessProbe::Impl::look_at_file() {
  std::error_code error;
  if (std::filesystem::exists(check_.path, error)) {
    finish("file " + check_.path + " is there");
    return;
  }
  not_yet("stat " + check_.path + ": " + os::errno_text(error ? error.value() : ENOENT));
}

void ReadinessProbe::Impl::start_connection() {
  bool in_progress = false;
  auto socket = os::start_connect(address_, in_progress);
  if (!socket) {
    not_yet(socket.error().message);
    return;
  }
  socket_ = *std::move(socket);
  step_ = Step::connecting;
  loop_.watch(socket_.borrow(), false, true, *this);
  look_limit_ = loop_.after(std::max(kLookLimit, check_.interval), [this] {
    not_yet((step_ == Step::connecting ? "connect " : "HTTP reply of ") + format_address(address_) +
            ": timed out");
  });
  if (!in_progress)
    connected();
}

void ReadinessProbe::Impl::connected() {
  if (os::is_connected_to_itself(socket_.borrow())) {
    not_yet("connect " + format_address(address_) + ": nobody listens");
    return;
  }
  if (check_.way != ReadyCheck::Way::http) {
    finish("connected to " + format_address(address_));
    return;
  }
  step_ = Step::asking;
  request_ = http_request(check_.path, address_);
  ask();
}

void ReadinessProbe::Impl::ask() {
  while (!request_.empty()) {
    const std::array<std::string_view, 1> pieces{request_};
    const os::IoResult result = os::send_pieces(socket_.borrow(), pieces);
    if (result.status == os::IoStatus::would_block)
      return;
    if (result.status != os::IoStatus::done) {
      not_yet("HTTP request to " + format_address(address_) + ": the connection was closed");
      return;
    }
    request_.erase(0, result.bytes);
  }
  step_ = Step::reading;
  reply_size_ = 0;
  loop_.rewatch(socket_.borrow(), true, false);
}

void ReadinessProbe::Impl::read_reply() {
  while (reply_size_ < reply_.size()) {
    const os::IoResult result =
        os::receive_some(socket_.borrow(), std::span(reply_).subspan(reply_size_));
    if (result.status == os::IoStatus::would_block)
      return;
    if (result.status != os::IoStatus::done)
      break;
    reply_size_ += result.bytes;
  }
  judge_reply();
}

void ReadinessProbe::Impl::judge_reply() {
  const unsigned status = http_status(std::string_view(reply_.data(), reply_size_));
  if (status == 0) {
    not_yet(reply_size_ == 0
                ? "HTTP reply of " + format_address(address_) + ": the connection was closed"
                : "HTTP reply of " + format_address(address_) + ": not HTTP");
    return;
  }
  std::string words = "HTTP status " + std::to_string(status);
  if (status >= check_.status_low && status <= check_.status_high)
    finish(std::move(words));
  else
    not_yet(std::move(words));
}

void ReadinessProbe::Impl::not_yet(std::string why) {
  answer_ = std::move(why);
  hang_up();
  next_look_ = loop_.after(interval(), [this] { look(); });
}

void ReadinessProbe::Impl::finish(std::string how) {
  answer_ = std::move(how);
  hang_up();
  const auto ready = std::move(ready_);
  ready();
}

void ReadinessProbe::Impl::hang_up() {
  loop_.unwatch(socket_.borrow());
  socket_.reset();
  loop_.disarm(look_limit_);
}

nanoseconds ReadinessProbe::Impl::interval() const {
  if (check_.interval.count() > 0)
    return check_.interval;
  const nanoseconds part = (loop_.now() - began_) / kIntervalPart;
  return std::clamp<nanoseconds>(part, kFirstInterval, kLastInterval);
}

ReadinessProbe::ReadinessProbe(os::EventLoop& loop, const ReadyCheck& check,
                               const Address& endpoint, std::function<void()> ready)
    : impl_(std::make_unique<Impl>(loop, check, endpoint, std::move(ready))) {}

ReadinessProbe::~ReadinessProbe() = default;

const std::string& ReadinessProbe::last_answer() const {
  return impl_->last_answer();
}

}  // namespace berth
