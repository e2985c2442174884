// The log as JSON lines to a Unix socket.
#include "init/log_socket.h"

#include <algorithm>
#include <array>
#include <utility>

#include "init/log.h"
#include "init/os/errno_error.h"
#include "init/os/socket.h"
#include "init/os/stream.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{10'000};
/// Who listens there may be one of our own units, and starts with us.
constexpr std::chrono::seconds kSaidAfter{10};
/// See Output::finish().
constexpr std::chrono::milliseconds kFinishStep{100};

}  // namespace

LogSocket::LogSocket(os::EventLoop& loop)
    : loop_(loop),
      pause_(kFirstPause),
      queues_([&loop](std::string& out, const std::string& unit, LogFormat, std::uint64_t dropped) {
        const std::string text = std::to_string(dropped) + " lines dropped: the socket is stalled";
        const LineView notice{unit.empty() ? std::string_view("berth") : std::string_view(unit),
                              LogStream::out, text, loop.clock().wall_ms()};
        append_line(out, LogFormat::json, notice);
      }) {}

LogSocket::~LogSocket() {
  disconnect();
  loop_.cancel(retry_);
}

void LogSocket::set_path(const std::string& path) {
  if (path == path_)
    return;
  disconnect();
  loop_.disarm(retry_);
  if (path.empty())
    queues_.clear();
  path_ = path;
  pause_ = kFirstPause;
  lost_at_ = loop_.now();
  said_ = false;
  if (!path_.empty())
    connect();
}

void LogSocket::add(const std::string& unit, const LineView& line) {
  if (path_.empty())
    return;
  line_.clear();
  append_line(line_, LogFormat::json, line);
  if (queues_.waiting_of(unit) + line_.size() > kUnitQueueLimit)
    pump();
  queues_.add(unit, LogFormat::json, line_, Admission::if_room);
}

void LogSocket::pump() {
  if (socket_.is_open() && !stalled_ && !write_queues())
    lost("nobody reads any more");
}

void LogSocket::finish(std::chrono::milliseconds limit) {
  const os::TimePoint end = loop_.clock().now() + limit;
  while (socket_.is_open() && write_queues() && stalled_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - loop_.clock().now());
    if (left.count() <= 0)
      break;
    os::wait_writable(socket_.borrow(), std::min(left, kFinishStep));
  }
  set_path("");
}

void LogSocket::on_events(os::Events) noexcept {
  try {
    if (is_closed_by_peer())
      return lost("the other end has closed it");
    if (!write_queues())
      lost("nobody reads any more");
  } catch (...) {
    queues_.clear();  // out of memory: these lines are lost, PID 1 is not
  }
}

void LogSocket::connect() {
  retry_ = os::kNoTimer;
  Address address;
  address.family = Address::Family::unix_socket;
  address.path = path_;
  bool in_progress = false;
  // A Unix socket is connected at once or refused; a full backlog is refused, too (unix(7)).
  auto socket = os::start_connect(address, in_progress);
  if (!socket)
    return lost(socket.error().message);
  if (!loop_.watch(socket->borrow(), true, false, *this))
    return lost(os::errno_error("watch it").message);
  socket_ = *std::move(socket);
  connected();
}

void LogSocket::connected() {
  stalled_ = false;
  pause_ = kFirstPause;
  if (std::exchange(said_, false))
    log_info("log socket " + path_ + ": connected");
  pump();
}

void LogSocket::lost(const std::string& why) {
  if (socket_.is_open())
    lost_at_ = loop_.now();
  disconnect();
  queues_.restart_line();
  retry_ = loop_.after(pause_, [this] { connect(); });
  pause_ = std::min(2 * pause_, kLongestPause);
  if (said_ || loop_.now() - lost_at_ < kSaidAfter)
    return;
  said_ = true;
  log_warning("log socket " + path_ + ": " + why + "; what does not fit until then is lost");
}

bool LogSocket::write_queues() {
  bool stalled = false;
  for (std::string_view turn = queues_.turn(); !turn.empty() && !stalled; turn = queues_.turn()) {
    const os::Transfer result = os::write_some(socket_.borrow(), turn);
    stalled = result.state == os::TransferState::would_block;
    if (!stalled && result.state != os::TransferState::done)
      return false;
    if (!stalled)
      queues_.took(result.size);
  }
  if (stalled != stalled_)
    loop_.rewatch(socket_.borrow(), true, stalled);
  stalled_ = stalled;
  return true;
}

// What it says is of no interest.
bool LogSocket::is_closed_by_peer() {
  std::array<char, 512> buffer{};
  const os::Transfer got = os::read_some(socket_.borrow(), buffer);
  return got.state == os::TransferState::ended || got.state == os::TransferState::failed;
}

void LogSocket::disconnect() {
  if (!socket_.is_open())
    return;
  loop_.unwatch(socket_.borrow());
  socket_.reset();
}

}  // namespace berth
