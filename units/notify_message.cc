// Reading what a service tells.
#include "units/notify_message.h"

#include <algorithm>

#include "units/scan.h"

namespace berth {
namespace {

/// Longer than anybody waits, and far from every overflow: "infinity" is 2^64-1 microseconds.
constexpr std::uint64_t kMostMicroseconds = std::uint64_t{10} * 365 * 24 * 3600 * 1'000'000;

bool read_flag(std::string_view value, bool& flag) {
  flag = flag || value == "1";
  return value == "0" || value == "1";
}

bool read_microseconds(std::string_view value, std::optional<Milliseconds>& out) {
  const auto number = scan::to_number<std::uint64_t>(value);
  if (!number) {
    return false;
  }
  out = Milliseconds((std::min(*number, kMostMicroseconds) + 999) / 1000);
  return true;
}

bool read_pid(std::string_view value, std::optional<std::int32_t>& out) {
  const auto number = scan::to_number<std::int32_t>(value);
  if (!number || *number <= 1) {
    return false;
  }
  out = *number;
  return true;
}

bool read_watchdog(std::string_view value, NotifyMessage::Watchdog& out) {
  if (value == "1") {
    out = NotifyMessage::Watchdog::alive;
  } else if (value == "trigger") {
    out = NotifyMessage::Watchdog::trigger;
  } else {
    return false;
  }
  return true;
}

/// Cut before a character, not within one.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  while (limit > 0 && continues(text[limit])) {
    --limit;
  }
  return text.substr(0, limit);
}

/// False if the name is understood and the value is not.
bool read_line(std::string_view name, std::string_view value, NotifyMessage& message) {
  if (name == "READY") {
    return read_flag(value, message.ready);
  }
  if (name == "RELOADING") {
    return read_flag(value, message.reloading);
  }
  if (name == "STOPPING") {
    return read_flag(value, message.stopping);
  }
  if (name == "STATUS") {
    message.status = std::string(cut(value, kMaxNotifyStatus));
    return true;
  }
  if (name == "MAINPID") {
    return read_pid(value, message.main_pid);
  }
  if (name == "EXTEND_TIMEOUT_USEC") {
    return read_microseconds(value, message.extend_timeout);
  }
  if (name == "WATCHDOG_USEC") {
    return read_microseconds(value, message.watchdog_interval);
  }
  if (name == "WATCHDOG") {
    return read_watchdog(value, message.watchdog);
  }
  return true;
}

}  // namespace

NotifyMessage parse_notify_message(std::string_view datagram) {
  NotifyMessage message;
  while (!datagram.empty()) {
    const std::size_t end = std::min(datagram.find('\n'), datagram.size());
    std::string_view line = datagram.substr(0, end);
    datagram.remove_prefix(std::min(end + 1, datagram.size()));
    if (line.ends_with('\0')) {
      line.remove_suffix(1);  // programs in C send it along
    }
    const std::size_t equals = line.find('=');
    if (equals == line.npos) {
      continue;
    }
    const bool understood = read_line(line.substr(0, equals), line.substr(equals + 1), message);
    if (!understood && message.not_understood.empty()) {
      message.not_understood = std::string(cut(line, kMaxNotifyStatus));
    }
  }
  return message;
}

}  // namespace berth
