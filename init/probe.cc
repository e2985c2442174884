// Asking. A question is over at once (a file), or goes through connecting, asking and reading on
// one socket that the loop watches, or is a process. Only the first bytes of a reply are read: PID
// 1 parses no network input but a status line.
#include "init/probe.h"

#include <array>
#include <cerrno>
#include <charconv>
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

class Probe::Impl final : private os::FdHandler {
 public:
  Impl(os::EventLoop& loop, const ProbeSpec& spec, const Address& endpoint, CommandRunner runner)
      : loop_(loop),
        spec_(spec),
        address_(spec.at_endpoint ? endpoint : spec.address),
        runner_(std::move(runner)) {}
  ~Impl() override { leave(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void ask(Milliseconds limit, Answered answered);

 private:
  enum class Step { connecting, asking, reading };

  void on_events(os::Events events) noexcept override;
  void look_at_file();
  void run_command(Milliseconds limit);
  void start_connection(Milliseconds limit);
  void connected();
  void send_request();
  void read_reply();
  void judge_reply();
  /// Nothing of the question is left. The owner may destroy this object now: nothing may be touched
  /// afterwards.
  void answer(bool yes, std::string words);
  void leave();

  os::EventLoop& loop_;
  const ProbeSpec spec_;
  const Address address_;
  const CommandRunner runner_;
  // Of the question that is asked:
  Answered answered_;
  std::unique_ptr<AuxCommands> command_;
  os::UniqueFd socket_;
  os::TimerId limit_ = os::kNoTimer;
  Step step_ = Step::connecting;
  std::string request_;  ///< what is left to send
  std::array<char, kStatusLinePart> reply_{};
  std::size_t reply_size_ = 0;
};

void Probe::Impl::ask(Milliseconds limit, Answered answered) {
  answered_ = std::move(answered);
  if (spec_.way == ProbeSpec::Way::file)
    look_at_file();
  else if (spec_.way == ProbeSpec::Way::command)
    run_command(limit);
  else
    start_connection(limit);
}

void Probe::Impl::run_command(Milliseconds limit) {
  Command command = spec_.command;
  command.timeout = limit;
  command_ = std::make_unique<AuxCommands>(
      loop_, runner_.reaper, runner_.spawn, "command", std::vector{std::move(command)}, limit,
      [this](std::optional<std::string> failure) {
        const auto finished = std::move(command_);  // dies after the callback that it is in
        answer(!failure, failure.value_or("the command succeeded"));
      });
  command_->start();
}

void Probe::Impl::on_events(os::Events) noexcept {
  switch (step_) {
    case Step::connecting:
      if (const int number = os::connect_error(socket_.borrow()); number != 0) {
        answer(false, "connect " + format_address(address_) + ": " + os::errno_text(number));
        return;
      }
      connected();
      return;
    case Step::asking:
      send_request();
      return;
    case Step::reading:
      read_reply();
      return;
  }
}

void Probe::Impl::look_at_file() {
  std::error_code error;
  // A link might lead anywhere.
  if (std::filesystem::exists(std::filesystem::symlink_status(spec_.path, error))) {
    answer(true, "file " + spec_.path + " is there");
    return;
  }
  answer(false, "stat " + spec_.path + ": " + os::errno_text(error ? error.value() : ENOENT));
}

void Probe::Impl::start_connection(Milliseconds limit) {
  bool in_progress = false;
  auto socket = os::start_connect(address_, in_progress);
  if (!socket) {
    answer(false, socket.error().message);
    return;
  }
  socket_ = *std::move(socket);
  step_ = Step::connecting;
  loop_.watch(socket_.borrow(), false, true, *this);
  limit_ = loop_.after(limit, [this] {
    answer(false, (step_ == Step::connecting ? "connect " : "HTTP reply of ") +
                      format_address(address_) + ": timed out");
  });
  if (!in_progress)
    connected();
}

void Probe::Impl::connected() {
  if (os::is_connected_to_itself(socket_.borrow())) {
    answer(false, "connect " + format_address(address_) + ": nobody listens");
    return;
  }
  if (spec_.way != ProbeSpec::Way::http) {
    answer(true, "connected to " + format_address(address_));
    return;
  }
  step_ = Step::asking;
  request_ = http_request(spec_.path, address_);
  send_request();
}

void Probe::Impl::send_request() {
  while (!request_.empty()) {
    const std::array<std::string_view, 1> pieces{request_};
    const os::IoResult result = os::send_pieces(socket_.borrow(), pieces);
    if (result.status == os::IoStatus::would_block)
      return;
    if (result.status != os::IoStatus::done) {
      answer(false, "HTTP request to " + format_address(address_) + ": the connection was closed");
      return;
    }
    request_.erase(0, result.bytes);
  }
  step_ = Step::reading;
  reply_size_ = 0;
  loop_.rewatch(socket_.borrow(), true, false);
}

void Probe::Impl::read_reply() {
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

void Probe::Impl::judge_reply() {
  const unsigned status = http_status(std::string_view(reply_.data(), reply_size_));
  if (status == 0) {
    answer(false, reply_size_ == 0
                      ? "HTTP reply of " + format_address(address_) + ": the connection was closed"
                      : "HTTP reply of " + format_address(address_) + ": not HTTP");
    return;
  }
  const bool good = status >= spec_.status_low && status <= spec_.status_high;
  answer(good, "HTTP status " + std::to_string(status));
}

void Probe::Impl::answer(bool yes, std::string words) {
  leave();
  const auto answered = std::move(answered_);
  answered(yes, std::move(words));
}

void Probe::Impl::leave() {
  if (command_)
    command_->kill();
  command_.reset();
  loop_.unwatch(socket_.borrow());
  socket_.reset();
  loop_.disarm(limit_);
}

Probe::Probe(os::EventLoop& loop, const ProbeSpec& spec, const Address& endpoint,
             CommandRunner runner)
    : impl_(std::make_unique<Impl>(loop, spec, endpoint, std::move(runner))) {}

Probe::~Probe() = default;

void Probe::ask(Milliseconds limit, Answered answered) {
  impl_->ask(limit, std::move(answered));
}

}  // namespace berth
