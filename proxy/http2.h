// Http2: a client's connection that speaks HTTP/2. It hangs off the Connection that owns the
// socket, as a Tunnel does, and makes a Connection of its own for each request: routing, leases,
// logins, limits, logs and all else see HTTP/1.1 requests that have come by themselves.
//
// The session's callbacks only note what has come: touched streams are served when the session has
// returned, and what is to be sent goes out then, or at once if a Connection has written by itself.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "proxy/context.h"
#include "proxy/http2_stream.h"

namespace berth::proxy {

/// So much of what only costs us does a client get away with: a burst, and some a second.
class NuisanceBudget {
 public:
  /// False if it is used up.
  bool take(os::TimePoint now);

 private:
  static constexpr std::uint32_t kBurst = 300;
  static constexpr std::uint32_t kPerSecond = 30;
  std::uint32_t left_ = kBurst;
  os::TimePoint filled_;
};

class Http2 final : public Http2Handler, public Http2Carrier {
 public:
  Http2(Context& context, Connection& client) : context_(context), client_(client) {}
  ~Http2() override;
  Http2(const Http2&) = delete;
  Http2& operator=(const Http2&) = delete;

  /// `session` was made for it. bytes: what the client has sent already. May end the connection.
  void start(std::unique_ptr<Http2Session> session, std::string_view bytes);
  /// The socket has news. May end the connection.
  void on_socket();
  /// What is under way goes on, nothing new begins. May end the connection.
  void drain();
  bool is_idle() const { return streams_.empty(); }
  /// Ends all requests and says so. The socket is still there.
  void release();

  bool on_begin(std::int32_t stream) noexcept override;
  void on_field(std::int32_t stream, const Http2Field& field) noexcept override;
  void on_fields_end(std::int32_t stream, bool request_ends) noexcept override;
  void on_data(std::int32_t stream, std::string_view bytes) noexcept override;
  void on_request_end(std::int32_t stream) noexcept override;
  void on_closed(std::int32_t stream) noexcept override;
  void on_nuisance() noexcept override;
  Portion take_body(std::int32_t stream, std::span<char> room) noexcept override;

  Http2Session& session() override { return *session_; }
  void touch(Http2Stream& stream) override;
  void send() override;

 private:
  Http2Stream* find(std::int32_t stream) const;
  void feed(std::string_view bytes);
  /// False if the client is gone.
  bool read_all();
  void serve_touched();
  void serve(Http2Stream& stream);
  void forget(Http2Stream& stream);
  void open_connection(Http2Stream& stream);
  void send_frames();
  void set_idle_timer();
  void end_flood();
  /// After everything else: serves, sends, and ends the connection if that was it.
  void settle();
  void settle_later();

  Context& context_;
  Connection& client_;
  std::unique_ptr<Http2Session> session_;
  std::map<std::int32_t, std::unique_ptr<Http2Stream>> streams_;
  std::vector<std::int32_t> touched_;
  NuisanceBudget budget_;
  os::TimerId later_ = os::kNoTimer;
  bool busy_ = false;     ///< settle() follows
  bool broken_ = false;   ///< the client sends what is no HTTP/2
  bool flooded_ = false;  ///< or what only costs
  bool flood_ended_ = false;
  bool socket_gone_ = false;
  bool released_ = false;
  bool timed_ = false;  ///< the idle time runs
};

}  // namespace berth::proxy
