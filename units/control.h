// The messages between PID 1 and its two helpers, berth-proxy and berth-admin: one SOCK_SEQPACKET
// packet each, encoded by wire::encode_any(). File descriptors travel beside the packet
// (SCM_RIGHTS), at most two.
//
// Leases. A lease is per (proxy process, backend, epoch), never per request: PID 1 grants it with
// the endpoint, the epoch is new for every life of the unit. The proxy counts its requests and
// tunnels, runs the idle clock, and returns the lease with its last use; from then on it holds
// requests until a new grant. The end of the socket returns all.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "units/values.h"

namespace berth::control {

/// The largest packet either side sends; what is larger travels in a memfd.
inline constexpr std::size_t kMaxPacket = std::size_t{64} * 1024;

// --- PID 1 to proxy
// -------------------------------------------------------------------------------------------

/// A new route table; the memfd (sealed, an encoded ProxyConfig) travels beside it.
struct Configure {
  std::uint64_t generation = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.generation);
  }
  bool operator==(const Configure&) const = default;
};
/// The unit is up: requests may go to `endpoint` until the lease ends.
struct Granted {
  std::string unit;
  std::uint64_t epoch = 0;
  Address endpoint;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.epoch);
    v(s.endpoint);
  }
  bool operator==(const Granted&) const = default;
};
/// The unit cannot be had now: answer what waits with 503 and Retry-After; do not ask again before
/// that.
struct Refused {
  std::string unit;
  Milliseconds retry_after{0};
  std::string reason;  ///< for the log, never for the client
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.retry_after);
    v(s.reason);
  }
  bool operator==(const Refused&) const = default;
};
/// The life `epoch` ends, and the lease with it: requests in flight have `grace`, tunnels are
/// closed at once, new requests wait for the next life (acquire again). Answered by Returned as
/// soon as nothing of that life is in flight. grace = 0: it is gone already (crashed), no answer is
/// expected.
struct Ending {
  std::string unit;
  std::uint64_t epoch = 0;
  Milliseconds grace{0};
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.epoch);
    v(s.grace);
  }
  bool operator==(const Ending&) const = default;
};
/// PID 1 needs the room: return the lease if nothing is in flight, else answer Busy.
struct Revoke {
  std::string unit;
  std::uint64_t epoch = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.epoch);
  }
  bool operator==(const Revoke&) const = default;
};
/// Stop accepting, close tunnels, finish the requests in flight within `grace`, then exit 0.
struct Drain {
  Milliseconds grace{0};
  /// Another process of this unit has taken over: who waits in a waiting room waits on, tunnels
  /// stay until `grace` is over, and clients that are between two requests have a moment for one
  /// more.
  bool replaced = false;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.grace);
    v(s.replaced);
  }
  bool operator==(const Drain&) const = default;
};
/// berth shuts down: keep serving what is in flight, answer every new request 503.
struct ShuttingDown {
  template <class Self, class V>
  static void fields(Self&, V&) {}
  bool operator==(const ShuttingDown&) const = default;
};

/// The answer to WantFigures: a memfd (sealed, an encoded SystemFigures) travels beside it.
struct Figures {
  template <class Self, class V>
  static void fields(Self&, V&) {}
  bool operator==(const Figures&) const = default;
};

using ToProxy =
    std::variant<Configure, Granted, Refused, Ending, Revoke, Drain, ShuttingDown, Figures>;

// --- proxy to PID 1
// -------------------------------------------------------------------------------------------

/// The route table of that generation is in force.
struct Configured {
  std::uint64_t generation = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.generation);
  }
  bool operator==(const Configured&) const = default;
};
/// Wants a lease: start the unit if need be. Answered by Granted or Refused; asked once until
/// answered.
struct Acquire {
  std::string unit;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
  }
  bool operator==(const Acquire&) const = default;
};
/// Gives the lease back (idle, or after Revoke).
struct Returned {
  std::string unit;
  std::uint64_t epoch = 0;
  Milliseconds idle_for{0};    ///< since the end of the last use
  std::uint64_t requests = 0;  ///< answered in this lease
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.epoch);
    v(s.idle_for);
    v(s.requests);
  }
  bool operator==(const Returned&) const = default;
};
/// The answer to Revoke while requests or tunnels are open.
struct Busy {
  std::string unit;
  std::uint64_t epoch = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.epoch);
  }
  bool operator==(const Busy&) const = default;
};
/// The endpoint did not take a connection: PID 1 checks the unit.
struct Unreachable {
  std::string unit;
  std::uint64_t epoch = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.epoch);
  }
  bool operator==(const Unreachable&) const = default;
};
/// How a leased unit is used, at most once a second a unit and only after a change.
struct Usage {
  std::string unit;
  std::uint64_t epoch = 0;
  std::uint32_t in_flight = 0;  ///< requests and tunnels open now
  std::uint64_t requests = 0;   ///< answered in this lease
  Milliseconds idle_for{0};
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.epoch);
    v(s.in_flight);
    v(s.requests);
    v(s.idle_for);
  }
  bool operator==(const Usage&) const = default;
};

/// Somebody wants to see the metrics: answered by Figures, at most every 100 ms.
struct WantFigures {
  template <class Self, class V>
  static void fields(Self&, V&) {}
  bool operator==(const WantFigures&) const = default;
};

/// Whether anybody uses the proxy: said once it is configured, if the route table asks for it, and
/// whenever it changes. It is busy with the first request, and quiet a second after the last.
struct Activity {
  bool busy = false;
  Milliseconds quiet_for{0};  ///< since the end of the last request or tunnel that counts
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.busy);
    v(s.quiet_for);
  }
  bool operator==(const Activity&) const = default;
};

using FromProxy =
    std::variant<Configured, Acquire, Returned, Busy, Unreachable, Usage, WantFigures, Activity>;

// --- admin to PID 1
// -------------------------------------------------------------------------------------------

enum class Verb : std::uint8_t {
  start,
  stop,
  restart,
  reload_unit,  ///< unit
  reload,
  reload_dry_run,  ///< all unit files; says what a reload would change, and does nothing
  reload_now,      ///< and stops what would run on as it was until it is idle
  shutdown,
  reset_failed,
  maintenance_on,  ///< of a proxy
  maintenance_off,
  reboot,  ///< a shutdown, and then the machine restarts
};

/// One command of a client. `uid` is the peer's, from the socket. Answered by Accepted (then
/// Finished) or Denied.
struct Command {
  std::uint32_t id = 0;  ///< chosen by berth-admin
  std::uint32_t uid = 0;
  Verb verb = Verb::start;
  std::string unit;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
    v(s.uid);
    v(s.verb);
    v(s.unit);
  }
  bool operator==(const Command&) const = default;
};
/// Wants the state of everything. Answered by Document: an encoded Snapshot. The pids of all units
/// take a look at all of /proc: only where they are wanted.
struct GetSnapshot {
  std::uint32_t id = 0;
  bool with_pids = false;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
    v(s.with_pids);
  }
  bool operator==(const GetSnapshot&) const = default;
};
/// Wants the kept log lines of a unit, "" = berth's own. Answered by Document: an encoded LogTail.
/// If a pipe's write end travels beside it, later lines are written to it (dropped when it is full)
/// until it breaks.
struct GetLog {
  std::uint32_t id = 0;
  std::string unit;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
    v(s.unit);
  }
  bool operator==(const GetLog&) const = default;
};
/// Wants every change of state from now on, as lines of state_change.h. The write end of a pipe
/// travels beside it; what it cannot take is dropped and counted. Answered by Document: an encoded
/// Snapshot without pids, of the moment before the first line.
struct FollowStates {
  std::uint32_t id = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
  }
  bool operator==(const FollowStates&) const = default;
};
/// Measures the memory of the pids of all live units. The write end of a pipe travels beside it:
/// short-lived probe processes under the units' own ids write text lines "PID RSS_KB PSS_KB
/// PRIVATE_KB SWAP_KB" (PSS, private and swap
/// "-" where not readable) to it; end of file = done. Answered by Document: an encoded Snapshot.
struct Measure {
  std::uint32_t id = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
  }
  bool operator==(const Measure&) const = default;
};

using FromAdmin = std::variant<Command, GetSnapshot, GetLog, Measure, FollowStates>;

// --- PID 1 to admin
// -------------------------------------------------------------------------------------------

/// The command was taken; Finished with the same id follows.
struct Accepted {
  std::uint32_t id = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
  }
  bool operator==(const Accepted&) const = default;
};
enum class DenyCode : std::uint8_t {
  no_such_unit,
  not_permitted,
  not_applicable,
  shutting_down,
  load_failed,
  limits
};
struct Denied {
  std::uint32_t id = 0;
  DenyCode code = DenyCode::no_such_unit;
  std::string message;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
    v(s.code);
    v(s.message);
  }
  bool operator==(const Denied&) const = default;
};
enum class JobResult : std::uint8_t { done, canceled, timeout, failed, dependency, skipped };
/// How it ended. `lines` is for people: the reason of a failure, what a reload changed, the errors
/// of unit files.
struct Finished {
  std::uint32_t id = 0;
  JobResult result = JobResult::done;
  std::vector<std::string> lines;  ///< bounded to what fits a packet
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
    v(s.result);
    v(s.lines);
  }
  bool operator==(const Finished&) const = default;
};
/// The answer to GetSnapshot, GetLog, Measure and FollowStates: a sealed memfd travels beside it.
struct Document {
  std::uint32_t id = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
  }
  bool operator==(const Document&) const = default;
};

using ToAdmin = std::variant<Accepted, Denied, Finished, Document>;

}  // namespace berth::control
