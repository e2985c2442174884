// The life of a client's connection: states, events, the full table, and step(), which is the only
// code that knows the next state.
//
// Invariants:
//  1. A request (Exchange) exists exactly in reading_head, checking, waiting_backend, connecting,
//     relaying and replying; idle, tunnelling, multiplexing and
//     lingering hold no buffer of one.
//  2. A lease is in use exactly in connecting, relaying and tunnelling; in waiting_backend the
//     request is one of those that wait for it. A request that starts a job has no lease: it is
//     checking until PID 1 has answered, and relaying then.
//  3. An upstream connection exists only in connecting, relaying and tunnelling.
//  4. A deadline is armed in every state but closed, tunnelling while the client is there,
//     multiplexing while a request is, and relaying while a job has the turn, which PID 1 ends in
//     time.
//  5. Once a byte of a reply has been sent, no other reply follows for the same request.
//  6. closed is final: the object dies at the end of the loop's turn.
#pragma once

#include <cstdint>
#include <string_view>

namespace berth::proxy {

enum class ConnectionState : std::uint8_t {
  idle,             ///< between two requests, or before the first
  reading_head,     ///< some bytes of a request are there
  checking,         ///< the decision waits: is the password right, what does PID 1 count
  waiting_backend,  ///< in the waiting room of a unit that is being started
  connecting,       ///< to the unit
  relaying,         ///< request and response pass through
  replying,         ///< an answer of our own is being sent
  tunnelling,       ///< after 101: bytes pass both ways
  multiplexing,     ///< HTTP/2: each request is a connection of its own that has no socket
  lingering,        ///< everything is sent; what the client still sends is dropped for a moment
  closed,
};
inline constexpr std::size_t kConnectionStates = 11;

enum class ConnectionEvent : std::uint8_t {
  bytes,    ///< the first byte of a request
  ask,      ///< the decision waits for an answer
  park,     ///< the unit is not up
  connect,  ///< the unit is up, and a connection is wanted (again)
  connected,
  answer,      ///< we answer ourselves
  upgraded,    ///< 101 passed, or HTTP/2 was negotiated
  done,        ///< the reply is sent, the connection can be used again
  done_close,  ///< the reply is sent, the connection cannot be used again
  gone,        ///< the client is gone
  timeout,
  cut,  ///< the unit's life is over, or a drain's grace
};
inline constexpr std::size_t kConnectionEvents = 12;

/// What Connection does on the way into the next state.
enum class ConnectionAction : std::uint8_t {
  keep,   ///< ignored on purpose
  bug,    ///< cannot happen: logged with both names, state kept
  enter,  ///< nothing but the new state
  close,
  answer_slow,         ///< 408
  answer_unavailable,  ///< 503 with Retry-After
  answer_late,         ///< 504
  give_up,             ///< the relay ends: 502, 504 or 408 if nothing was sent yet, else it is cut
};

struct ConnectionStep {
  ConnectionState next;
  ConnectionAction action;
};

/// Pure; `keep`, `bug` and the answers leave the state as it is: an answer is an event of its own.
ConnectionStep step(ConnectionState state, ConnectionEvent event);

std::string_view to_string(ConnectionState state);
std::string_view to_string(ConnectionEvent event);

}  // namespace berth::proxy
