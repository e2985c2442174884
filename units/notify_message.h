// NotifyMessage: one datagram of the sd_notify protocol, with which a service tells how it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "units/values.h"

namespace berth {

/// A longer datagram is refused; systemd's own limit.
inline constexpr std::size_t kMaxNotifyMessage = 4096;
/// What is kept of STATUS=, in bytes.
inline constexpr std::size_t kMaxNotifyStatus = 256;

/// What the lines of a datagram say that berth understands (sd_notify(3)). Of a name that comes
/// twice, the last counts.
struct NotifyMessage {
  enum class Watchdog : std::uint8_t {
    none,
    alive,   ///< WATCHDOG=1
    trigger  ///< WATCHDOG=trigger: it finds itself unhealthy
  };

  bool ready = false;                             ///< READY=1
  bool reloading = false;                         ///< RELOADING=1
  bool stopping = false;                          ///< STOPPING=1
  std::optional<std::string> status;              ///< STATUS=, at most kMaxNotifyStatus bytes
  std::optional<std::int32_t> main_pid;           ///< MAINPID=, above 1
  std::optional<Milliseconds> extend_timeout;     ///< EXTEND_TIMEOUT_USEC=, rounded up
  std::optional<Milliseconds> watchdog_interval;  ///< WATCHDOG_USEC=, rounded up; 0 = no watchdog
  Watchdog watchdog = Watchdog::none;
  /// The first line whose name is understood and whose value is not; empty = none.
  std::string not_understood;

  bool operator==(const NotifyMessage&) const = default;
};

/// Never fails: lines of other names (BARRIER=, FDSTORE=, MONOTONIC_USEC=, X_…) and what is no
/// NAME=VALUE say nothing to berth.
NotifyMessage parse_notify_message(std::string_view datagram);

}  // namespace berth
