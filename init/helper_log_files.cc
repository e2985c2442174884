// The helper that writes log files.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <sys/prctl.h>
#include <unistd.h>

#include "init/helper_mode.h"
#include "init/os/clock.h"
#include "init/os/fork_worker.h"
#include "init/os/log_file.h"
#include "init/os/packet_socket.h"

namespace berth::helper {
namespace {

/// Each has two descriptors open; beyond that all are closed, and opened again by their next lines.
constexpr std::size_t kMostOpen = 200;
/// A line has 16 KiB, and JSON may need six bytes for one.
constexpr std::size_t kLongestPacket = std::size_t{256} * 1024;
constexpr std::chrono::hours kLong{24};

/// A disk that is nearly full takes this line and not that one.
constexpr std::chrono::minutes kSaidAgainAfter{1};

struct Target {
  os::LogFile file;
  std::uint64_t lost = 0;  ///< lines that nothing has been said of
  bool is_said = false;    ///< that lines are being lost
  os::TimePoint said_at;
};

/// What comes before the next NUL, taken off `text`.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find('\0'));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

class Writer {
 public:
  explicit Writer(os::BorrowedFd socket) : socket_(socket) {}

  void write(std::string_view packet) {
    const auto rotate_size = parse_number<std::uint64_t>(take_word(packet));
    const auto keep = parse_number<std::uint32_t>(take_word(packet));
    const std::string path(take_word(packet));
    if (!rotate_size || !keep)
      return;
    if (targets_.size() >= kMostOpen && targets_.count(path) == 0)
      targets_.clear();
    Target& target =
        targets_.try_emplace(path, Target{os::LogFile(path), 0, false, {}}).first->second;
    const auto written = target.file.append(packet, *rotate_size, *keep);
    if (!written)
      fail(target, path, written.error().message, packet);
    else if (target.lost > 0)
      recover(target, path);
  }

 private:
  bool is_time_to_say(const Target& target) const {
    return target.said_at == os::TimePoint() || clock_.now() - target.said_at >= kSaidAgainAfter;
  }

  void fail(Target& target, const std::string& path, const std::string& problem,
            std::string_view lines) {
    target.lost += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    if (target.is_said || !is_time_to_say(target))
      return;
    target.is_said = true;
    target.said_at = clock_.now();
    say('w', path + ": " + problem + "; lines are lost until it can be written");
  }

  void recover(Target& target, const std::string& path) {
    if (!std::exchange(target.is_said, false) && !is_time_to_say(target))
      return;
    say('i', path + ": is written again, " + std::to_string(std::exchange(target.lost, 0)) +
                 " lines are lost");
  }

  /// Nobody waits for it: should the log not take it now, it is lost.
  void say(char kind, const std::string& text) const { os::send_packet(socket_, kind + text); }

  const os::SystemClock clock_;
  os::BorrowedFd socket_;
  std::map<std::string, Target, std::less<>> targets_;
};

}  // namespace

int log_files(const Arguments&) {
  ::prctl(PR_SET_NAME, "berth-log-files");
  // It ends when berth does, and has written everything by then.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    std::signal(number, SIG_IGN);
  const os::BorrowedFd socket(STDOUT_FILENO);
  Writer writer(socket);
  os::Packet packet;
  for (;;) {
    const auto outcome = os::receive_packet(socket, kLongestPacket, packet);
    if (outcome == os::ReceiveOutcome::closed)
      return kYes;
    if (outcome == os::ReceiveOutcome::empty)
      os::wait_for_packet(socket, kLong);
    else
      writer.write(packet.bytes);
  }
}

}  // namespace berth::helper
