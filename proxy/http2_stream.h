// Http2Stream: one request of an HTTP/2 connection and its reply. To the rest of the proxy it is a
// Connection with one HTTP/1.1 request; here are the bytes between the two.
//
// Bounded both ways: what the Connection has not read holds the client's window, what the client
// has not taken stops the Connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proxy/http2_reply.h"
#include "proxy/http2_request.h"
#include "proxy/http2_session.h"
#include "proxy/transport.h"

namespace berth::proxy {

class Connection;
class Http2Stream;

/// What the streams of one connection need of it.
class Http2Carrier {
 public:
  virtual ~Http2Carrier() = default;
  virtual Http2Session& session() = 0;
  /// `stream` has news for its Connection: tell it, but not from within this call.
  virtual void touch(Http2Stream& stream) = 0;
  /// The session has something to send.
  virtual void send() = 0;
};

class Http2Stream {
 public:
  Http2Stream(Http2Carrier& carrier, std::int32_t id) : carrier_(carrier), id_(id) {}
  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;

  // What the session tells.
  void on_field(const Http2Field& field);
  void on_fields_end(bool request_ends);
  void on_data(std::string_view bytes);
  void on_request_end();
  void on_closed();
  Http2Handler::Portion take_body(std::span<char> room);

  // What the carrier asks.
  std::int32_t id() const { return id_; }
  bool is_closed() const { return closed_; }
  /// The head is there, and no Connection has been made yet.
  bool wants_connection() const { return head_complete_ && !closed_ && !reset_ && !served_; }
  /// What the Connection reads from and writes to. It tells detach() when it dies.
  std::unique_ptr<Transport> serve(Connection& connection);
  Connection* connection() const { return connection_; }
  bool is_touched() const { return touched_; }
  void set_touched(bool touched) { touched_ = touched; }

 private:
  friend class Http2StreamEnd;
  Transport::Result read(std::span<char> room);
  std::size_t read_body(std::span<char> room);
  Transport::Result write(std::string_view bytes);
  /// False if the bytes are no reply.
  bool take_reply(std::string_view bytes);
  /// The Connection is closed.
  void detach();
  void touch() { carrier_.touch(*this); }
  void reset(Http2Error why);

  Http2Carrier& carrier_;
  std::int32_t id_;
  Connection* connection_ = nullptr;  ///< closes this transport before it dies
  Http2Request request_;
  std::optional<Http2Reply> reply_;
  std::string head_;         ///< for the Connection, as HTTP/1.1; then the end of the chunks
  std::string input_;        ///< the body, as it came
  std::size_t head_at_ = 0;  ///< so much of them is read
  std::size_t input_at_ = 0;
  std::uint64_t received_ = 0;  ///< of the body
  std::string trailers_;
  std::string output_;  ///< the reply's body, for the client
  std::size_t output_at_ = 0;
  bool head_complete_ = false;
  bool widened_ = false;  ///< the client's window
  bool input_over_ = false;
  bool ended_chunks_ = false;  ///< their end is in head_
  bool finished_ = false;      ///< the Connection sends nothing more
  bool stalled_ = false;       ///< and waits until output_ is empty
  bool served_ = false;
  bool reset_ = false;  ///< by us
  bool closed_ = false;
  bool touched_ = false;
};

}  // namespace berth::proxy
