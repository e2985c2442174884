// Relay: passes one request to a unit and its response back, both at once, with back-pressure.
//
// One buffer of the process serves all relays: what has been read is written on in the same call.
// What the receiver does not take is kept in its Stream, and nothing more is read from the sender
// until it has gone: a relay never holds more than one read in each direction.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "proxy/body_decoder.h"
#include "proxy/client_request.h"
#include "proxy/compressor.h"
#include "proxy/date_text.h"
#include "proxy/field_edits.h"
#include "proxy/http_head.h"
#include "proxy/upstream.h"

namespace berth::proxy {

class Relay {
 public:
  enum class Outcome : std::uint8_t {
    under_way,
    complete,  ///< the response is sent to its end
    upgraded,  ///< 101 is sent: from here on it is a tunnel
    client_gone,
    bad_request,      ///< 400: the body's chunks are malformed
    too_large,        ///< 413
    lost_unanswered,  ///< the unit has closed the connection without a byte of a reply
    bad_gateway,      ///< 502: what came is no sound reply
    cut,              ///< the response broke off in the middle
  };
  /// What it works with; lives as long as the process.
  struct Workshop {
    os::EventLoop& loop;
    std::span<char> buffer;
    std::string& scratch;
    DateText& date;
    const CompressionRules& compression;
  };

  /// `edits`: of the reply's head.
  Relay(const Workshop& workshop, ClientRequest& request, const FieldEdits& edits)
      : shop_(workshop), request_(request), edits_(edits) {}
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Before each request.
  void reset();
  /// Uses `connection` for the request from now on; also for a second attempt.
  void attach(std::unique_ptr<UpstreamConnection> connection);
  UpstreamConnection* upstream() { return upstream_.get(); }

  struct Settings {
    bool upgrade = false;        ///< a 101 is welcome
    bool keep_alive = false;     ///< the client may send another request afterwards
    std::uint64_t max_body = 0;  ///< 0 = any
  };
  /// Sends the request's head. REQUIRES: connected.
  void start(std::string_view request_head, const Settings& settings);
  /// The client is told so if its reply has not begun.
  void keep_no_client() { settings_.keep_alive = false; }
  /// Moves what can be moved. To be called after every event of either side.
  Outcome pump(Stream& client);

  /// Whether a byte of the request has gone out on this connection.
  bool has_sent() const { return has_sent_; }
  /// Whether a byte of a reply has gone to the client.
  bool has_replied() const { return has_replied_; }
  int status() const { return response_.status; }
  /// Whether the reply under way consists of server-sent events.
  bool is_event_stream() const;
  std::uint64_t body_bytes() const {
    return compressor_ == nullptr ? response_body_.total() : compressed_bytes_;
  }
  /// After `complete`: whether the client's connection can be used again.
  bool keeps_client() const { return settings_.keep_alive && request_.body.is_complete(); }
  /// After `complete`: whether the unit's connection can be used again.
  bool keeps_upstream() const { return upstream_reusable_ && request_.body.is_complete(); }
  /// Takes the connection out, for a tunnel, for the shelf, or to close it.
  std::unique_ptr<UpstreamConnection> detach();
  /// After `upgraded`: what the unit has sent behind its 101.
  std::string take_early_bytes() { return std::move(early_bytes_); }
  void trim();

 private:
  Outcome pump_request(Stream& client);
  Outcome pump_response(Stream& client);
  /// One portion of the request's body.
  void pass_on(const BodyDecoder::Step& step);
  Outcome take_response(Stream& client, std::span<char> bytes);
  Outcome take_head(Stream& client, std::span<char>& bytes);
  Outcome finish_head(std::string& head);
  /// Whether the reply goes out in `coding`; decides that, too.
  Coding choose_coding(BodyKind kind, bool& varies);
  /// What goes out for `payload`: that itself, or what the compressor makes of it.
  std::string_view outgoing(std::string_view payload, bool last);
  Outcome pass_back(Stream& client, std::span<char> bytes, std::string_view head);
  /// The unit has closed its connection; `in_order` = it was no reset.
  Outcome response_ended(Stream& client, bool in_order);

  const Workshop& shop_;
  ClientRequest& request_;
  const FieldEdits& edits_;
  std::unique_ptr<UpstreamConnection> upstream_;
  HeadParser parser_;
  HttpHead response_;
  BodyDecoder response_body_;
  Settings settings_;
  std::string early_bytes_;
  std::unique_ptr<Compressor> compressor_;
  std::string compressed_;  ///< of the bytes under way
  std::uint64_t compressed_bytes_ = 0;
  bool has_sent_ = false;
  bool has_replied_ = false;
  bool head_done_ = false;      ///< the final response's head is there
  bool chunk_reply_ = false;    ///< we chunk the response's body
  bool response_over_ = false;  ///< all of the response is written to the client's stream
  bool upstream_reusable_ = false;
  bool upstream_deaf_ = false;  ///< it takes no more of the request
};

}  // namespace berth::proxy
