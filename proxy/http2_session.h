// Http2Session and Http2Handler: what berth-proxy and its HTTP/2 module have in common.
//
// libnghttp2 is in a module of its own (berth-http2.so, proxy/http2/), which is loaded when the
// first client has negotiated HTTP/2 and not before. It knows frames, HPACK, windows and what
// RFC 9113 forbids; what a request is it does not know. No exceptions cross the border.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace berth::proxy {

struct Http2Field {
  std::string_view name;
  std::string_view value;
};

/// RFC 9113 section 7.
enum class Http2Error : std::uint32_t {
  none = 0,
  protocol = 1,
  internal = 2,
  refused = 7,  ///< nothing was done: the client may try again
  enhance_your_calm = 11,
};

/// Is told, within feed(), what has come, and asked, within next_output(), for what is to be sent.
class Http2Handler {
 public:
  struct Portion {
    std::size_t bytes = 0;
    bool over = false;      ///< the body ends here
    bool trailers = false;  ///< and trailers() has been called
  };

  virtual ~Http2Handler() = default;
  /// A request begins. False: it is refused, and nothing more is told of it.
  virtual bool on_begin(std::int32_t stream) noexcept = 0;
  /// A field of its head, pseudo-headers first, or of its trailers.
  virtual void on_field(std::int32_t stream, const Http2Field& field) noexcept = 0;
  /// The head is complete, or the trailers.
  virtual void on_fields_end(std::int32_t stream, bool request_ends) noexcept = 0;
  virtual void on_data(std::int32_t stream, std::string_view bytes) noexcept = 0;
  virtual void on_request_end(std::int32_t stream) noexcept = 0;
  /// Both sides have finished, or one of them has reset it. Nothing more is told of it.
  virtual void on_closed(std::int32_t stream) noexcept = 0;
  /// A frame that costs us more than its sender and moves nothing.
  virtual void on_nuisance() noexcept = 0;
  /// The next of a reply's body. Nothing, and not over: none comes until resume().
  virtual Portion take_body(std::int32_t stream, std::span<char> room) noexcept = 0;
};

/// The server's side of one connection. What is said of a stream that is gone has no effect.
class Http2Session {
 public:
  /// How many requests a client may have under way.
  static constexpr std::uint32_t kMaxStreams = 100;

  enum class Verdict : std::uint8_t {
    sound,
    broken,   ///< nothing more can be understood; what next_output() still has to say may be sent
    flooded,  ///< as `broken`: it sends what only costs
  };

  virtual ~Http2Session() = default;
  virtual Verdict feed(std::string_view bytes) noexcept = 0;
  /// The next frames; valid until the next call of anything. Empty = none for now.
  virtual std::string_view next_output() noexcept = 0;
  /// Nothing will come or go any more.
  virtual bool is_over() noexcept = 0;

  /// The head of a reply, `:status` first; take_body() is asked for what follows unless `ends`.
  /// fields: at most kMaxReplyFields.
  static constexpr std::size_t kMaxReplyFields = 320;
  virtual void reply(std::int32_t stream, std::span<const Http2Field> fields,
                     bool ends) noexcept = 0;
  virtual void interim_reply(std::int32_t stream, std::span<const Http2Field> fields) noexcept = 0;
  virtual void trailers(std::int32_t stream, std::span<const Http2Field> fields) noexcept = 0;
  /// take_body() has something again.
  virtual void resume(std::int32_t stream) noexcept = 0;
  /// So many bytes of on_data() are done with: the client may send as many more on this stream.
  virtual void consumed(std::int32_t stream, std::size_t bytes) noexcept = 0;
  /// The client may have more under way on this stream: kWideWindow.
  virtual void widen(std::int32_t stream) noexcept = 0;
  static constexpr std::int32_t kWideWindow = 512 * 1024;
  virtual void reset(std::int32_t stream, Http2Error why) noexcept = 0;
  /// GOAWAY: what is under way goes on, nothing new begins.
  virtual void go_away() noexcept = 0;
  /// GOAWAY: and that was it.
  virtual void terminate(Http2Error why) noexcept = 0;
};

/// The module's one function. nullptr = out of memory.
using Http2Open = Http2Session* (*)(Http2Handler& handler);
inline constexpr const char* kHttp2Module = "berth-http2.so";
inline constexpr const char* kHttp2Open = "berth_http2_open";

}  // namespace berth::proxy
