// The lines of units that have [log] `file`, on their way to the process that writes them.
#include "init/log_files.h"

#include <algorithm>
#include <utility>

#include "init/log.h"
#include "init/os/fork_worker.h"
#include "init/os/packet_socket.h"
#include "init/os/stream.h"
#include "init/os/stream_socket.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kFirstPause{1'000};
constexpr std::chrono::milliseconds kLongestPause{30'000};
/// See Output::finish().
constexpr std::chrono::milliseconds kFinishStep{100};
constexpr std::size_t kLongestMessage = 8192;

std::string header_of(const LogSpec& spec) {
  std::string header = std::to_string(spec.rotate_size.count);
  header += '\0';
  header += std::to_string(spec.rotate_keep);
  header += '\0';
  header += spec.file;
  header += '\0';
  return header;
}

}  // namespace

LogFiles::LogFiles(os::EventLoop& loop, std::function<void()> on_room)
    : loop_(loop),
      on_room_(std::move(on_room)),
      pause_(kFirstPause),
      queues_([&loop](std::string& out, const std::string&, LogFormat format,
                      std::uint64_t dropped) {
        const std::string text = std::to_string(dropped) + " lines dropped: the disk is stalled";
        append_file_line(out, format == LogFormat::raw ? LogFormat::prefix : format,
                         {"berth", LogStream::out, text, loop.clock().wall_ms()});
      }) {}

LogFiles::~LogFiles() {
  disconnect();
  loop_.cancel(retry_);
}

void LogFiles::add(const LogSpec& spec, const LineView& line, Admission admission) {
  if (spec.file.empty())
    return;
  line_.clear();
  append_file_line(line_, spec.format, line);
  const std::string header = header_of(spec);
  if (queues_.waiting_of(header) + line_.size() > kUnitQueueLimit)
    pump();
  queues_.add(header, spec.format, line_, admission);
}

bool LogFiles::has_room(const LogSpec& spec) const {
  return spec.file.empty() || queues_.has_room(header_of(spec));
}

void LogFiles::pump() {
  if (!socket_.is_open() && retry_ == os::kNoTimer && start_ && queues_.queued() > 0)
    start();
  if (socket_.is_open() && !stalled_ && !send())
    lost("has ended");
}

void LogFiles::finish(std::chrono::milliseconds limit) {
  const os::TimePoint end = loop_.clock().now() + limit;
  const auto left = [&] {
    return std::chrono::ceil<std::chrono::milliseconds>(end - loop_.clock().now());
  };
  pump();
  while (socket_.is_open() && send() && stalled_ && left().count() > 0)
    os::wait_writable(socket_.borrow(), std::min(left(), kFinishStep));
  if (!socket_.is_open())
    return;
  os::finish_sending(socket_.borrow());
  while (left().count() > 0 && receive())
    os::wait_for_packet(socket_.borrow(), std::min(left(), kFinishStep));
  disconnect();
}

void LogFiles::on_events(os::Events) noexcept {
  try {
    if (!receive() || !send())
      lost("has ended");
    on_room_();
  } catch (...) {
    queues_.clear();  // out of memory: these lines are lost, PID 1 is not
  }
}

void LogFiles::start() {
  auto socket = start_();
  if (!socket)
    return lost("cannot be started: " + socket.error().message);
  socket_ = *std::move(socket);
  stalled_ = false;
  if (!loop_.watch(socket_.borrow(), true, false, *this))
    lost("cannot be watched");
}

bool LogFiles::send() {
  bool stalled = false;
  for (std::string_view turn = queues_.turn(); !turn.empty() && !stalled; turn = queues_.turn()) {
    const os::SendOutcome outcome =
        os::send_packet(socket_.borrow(), queues_.name() + std::string(turn));
    if (outcome == os::SendOutcome::broken)
      return false;
    stalled = outcome == os::SendOutcome::full;
    if (!stalled)
      queues_.took(turn.size());
  }
  if (stalled != stalled_)
    loop_.rewatch(socket_.borrow(), true, stalled);
  stalled_ = stalled;
  return true;
}

bool LogFiles::receive() {
  os::Packet packet;
  for (;;) {
    const os::ReceiveOutcome outcome =
        os::receive_packet(socket_.borrow(), kLongestMessage, packet);
    if (outcome != os::ReceiveOutcome::received)
      return outcome == os::ReceiveOutcome::empty;
    pause_ = kFirstPause;
    const bool warns = packet.bytes.starts_with('w');
    log(warns ? LogLevel::warning : LogLevel::info, "log file " + packet.bytes.substr(1));
  }
}

void LogFiles::lost(const std::string& why) {
  disconnect();
  retry_ = loop_.after(pause_, [this] {
    retry_ = os::kNoTimer;
    pump();
    on_room_();
  });
  pause_ = std::min(2 * pause_, kLongestPause);
  log_warning("the writer of log files " + why + "; it is started again");
}

void LogFiles::disconnect() {
  if (!socket_.is_open())
    return;
  loop_.unwatch(socket_.borrow());
  socket_.reset();
}

}  // namespace berth
