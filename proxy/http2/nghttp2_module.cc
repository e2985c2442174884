// berth-http2.so: the only code with libnghttp2.
#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include <nghttp2/nghttp2.h>

#include "proxy/http2_session.h"

namespace berth::proxy {
namespace {

/// A DATA frame with its head fills one TLS record.
constexpr ssize_t kDataPerFrame = 16 * 1024 - 9;
/// What a client may send before we have read it: of one request RFC 9113's default, so that
/// whatever a unit does not take is bounded; of all together more, since a request that stalls does
/// not hold what the others share.
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
/// Of the head of a request, as HTTP/1.1's.
constexpr std::uint32_t kMaxHeaderList = 64 * 1024;
/// Answers to pings and settings that the client does not read.
constexpr std::size_t kMaxUnreadAnswers = 100;

struct FreeSession {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};

class Nghttp2Session final : public Http2Session {
 public:
  explicit Nghttp2Session(Http2Handler& handler) : handler_(handler) {}
  /// False if memory has run out.
  bool open();

  Verdict feed(std::string_view bytes) noexcept override;
  std::string_view next_output() noexcept override;
  bool is_over() noexcept override {
    return dead_ ? farewell_size_ == 0
                 : nghttp2_session_want_read(session_.get()) == 0 &&
                       nghttp2_session_want_write(session_.get()) == 0;
  }
  void reply(std::int32_t stream, std::span<const Http2Field> fields, bool ends) noexcept override;
  void interim_reply(std::int32_t stream, std::span<const Http2Field> fields) noexcept override;
  void trailers(std::int32_t stream, std::span<const Http2Field> fields) noexcept override;
  void resume(std::int32_t stream) noexcept override {
    nghttp2_session_resume_data(session_.get(), stream);
  }
  void consumed(std::int32_t stream, std::size_t bytes) noexcept override {
    nghttp2_session_consume_stream(session_.get(), stream, bytes);
  }
  void widen(std::int32_t stream) noexcept override {
    nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, stream, kWideWindow);
  }
  void reset(std::int32_t stream, Http2Error why) noexcept override {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream,
                              static_cast<std::uint32_t>(why));
  }
  void go_away() noexcept override {
    nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                          nullptr, 0);
  }
  void terminate(Http2Error why) noexcept override {
    if (!dead_)
      nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(why));
  }

 private:
  using Fields = std::array<nghttp2_nv, kMaxReplyFields>;
  static std::size_t convert(std::span<const Http2Field> fields, Fields& out);
  /// After a fatal error nghttp2 says nothing more; the last frame is ours.
  void say_farewell(Http2Error why);
  Http2Handler& handler() const { return handler_; }

  static Nghttp2Session& self(void* user) { return *static_cast<Nghttp2Session*>(user); }
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user);
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                               std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                     const std::uint8_t* data, std::size_t size, void* user);
  static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_closed(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user);
  static ssize_t take_body(nghttp2_session*, std::int32_t stream, std::uint8_t* room,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                           void* user);
  static ssize_t data_per_frame(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t window,
                                std::int32_t stream_window, std::uint32_t max_frame, void*);

  Http2Handler& handler_;
  std::unique_ptr<nghttp2_session, FreeSession> session_;
  bool dead_ = false;
  std::array<char, 17> farewell_{};  ///< a GOAWAY frame
  std::size_t farewell_size_ = 0;    ///< 0 = none, or it has been given out
};

bool Nghttp2Session::open() {
  struct FreeCallbacks {
    void operator()(nghttp2_session_callbacks* callbacks) const {
      nghttp2_session_callbacks_del(callbacks);
    }
  };
  struct FreeOption {
    void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
  };
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_option* made_option = nullptr;
  if (nghttp2_session_callbacks_new(&made) != 0)
    return false;
  const std::unique_ptr<nghttp2_session_callbacks, FreeCallbacks> callbacks(made);
  if (nghttp2_option_new(&made_option) != 0)
    return false;
  const std::unique_ptr<nghttp2_option, FreeOption> option(made_option);

  nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(made, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(made, on_invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, on_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, on_closed);
  nghttp2_session_callbacks_set_data_source_read_length_callback(made, data_per_frame);
  nghttp2_option_set_no_auto_window_update(made_option, 1);
  nghttp2_option_set_no_closed_streams(made_option, 1);
  nghttp2_option_set_max_outbound_ack(made_option, kMaxUnreadAnswers);

  nghttp2_session* session = nullptr;
  if (nghttp2_session_server_new2(&session, made, this, made_option) != 0)
    return false;
  session_.reset(session);
  // No tree of priorities (RFC 9218): nobody's order of frames may cost us memory.
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMaxHeaderList},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
             0 &&
         nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow) ==
             0;
}

void Nghttp2Session::say_farewell(Http2Error why) {
  dead_ = true;
  const auto last =
      static_cast<std::uint32_t>(nghttp2_session_get_last_proc_stream_id(session_.get()));
  const auto code = static_cast<std::uint32_t>(why);
  constexpr std::size_t kPayload = 8;
  farewell_.fill(0);
  farewell_[2] = kPayload;
  farewell_[3] = NGHTTP2_GOAWAY;
  for (std::size_t i = 0; i < 4; ++i) {
    farewell_[9 + i] = static_cast<char>(last >> (24 - 8 * i) & 0xff);
    farewell_[13 + i] = static_cast<char>(code >> (24 - 8 * i) & 0xff);
  }
  farewell_size_ = farewell_.size();
}

Http2Session::Verdict Nghttp2Session::feed(std::string_view bytes) noexcept {
  if (dead_)
    return Verdict::broken;
  const ssize_t used = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used >= 0)
    return Verdict::sound;
  const bool flooded = used == NGHTTP2_ERR_FLOODED || used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
  say_farewell(flooded ? Http2Error::enhance_your_calm : Http2Error::protocol);
  return flooded ? Verdict::flooded : Verdict::broken;
}

std::string_view Nghttp2Session::next_output() noexcept {
  if (dead_) {
    const std::size_t size = farewell_size_;
    farewell_size_ = 0;
    return {farewell_.data(), size};
  }
  const std::uint8_t* data = nullptr;
  const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
  if (size < 0) {
    dead_ = true;
    return {};
  }
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::size_t Nghttp2Session::convert(std::span<const Http2Field> fields, Fields& out) {
  std::size_t count = 0;
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  for (const Http2Field& field : fields.first(std::min(fields.size(), out.size())))
    out[count++] = {bytes(field.name), bytes(field.value), field.name.size(), field.value.size(),
                    NGHTTP2_NV_FLAG_NONE};
  return count;
}

void Nghttp2Session::reply(std::int32_t stream, std::span<const Http2Field> fields,
                           bool ends) noexcept {
  Fields converted;  // NOLINT(cppcoreguidelines-init-variables): filled as needed
  const std::size_t count = convert(fields, converted);
  nghttp2_data_provider body{};
  body.read_callback = take_body;
  nghttp2_submit_response(session_.get(), stream, converted.data(), count, ends ? nullptr : &body);
}

void Nghttp2Session::interim_reply(std::int32_t stream,
                                   std::span<const Http2Field> fields) noexcept {
  Fields converted;  // NOLINT(cppcoreguidelines-init-variables): filled as needed
  const std::size_t count = convert(fields, converted);
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream, nullptr, converted.data(),
                         count, nullptr);
}

void Nghttp2Session::trailers(std::int32_t stream, std::span<const Http2Field> fields) noexcept {
  Fields converted;  // NOLINT(cppcoreguidelines-init-variables): filled as needed
  const std::size_t count = convert(fields, converted);
  nghttp2_submit_trailer(session_.get(), stream, converted.data(), count);
}

int Nghttp2Session::on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame,
                                     void* user) {
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST &&
      !self(user).handler().on_begin(frame->hd.stream_id))
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                              NGHTTP2_REFUSED_STREAM);
  return 0;
}

int Nghttp2Session::on_header(nghttp2_session*, const nghttp2_frame* frame,
                              const std::uint8_t* name, std::size_t name_size,
                              const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                              void* user) {
  self(user).handler().on_field(frame->hd.stream_id,
                                {{reinterpret_cast<const char*>(name), name_size},
                                 {reinterpret_cast<const char*>(value), value_size}});
  return 0;
}

int Nghttp2Session::on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                                      std::size_t, const std::uint8_t*, std::size_t, std::uint8_t,
                                      void*) {
  // Without this it would be dropped in silence; RFC 9113 section 8.2.1 wants the request refused.
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int Nghttp2Session::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Http2Handler& handler = self(user).handler();
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      handler.on_fields_end(frame->hd.stream_id, ends);
      break;
    case NGHTTP2_DATA:
      if (ends)
        handler.on_request_end(frame->hd.stream_id);
      else if (frame->hd.length == frame->data.padlen)
        handler.on_nuisance();
      break;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
        handler.on_nuisance();
      break;
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_PRIORITY:
      handler.on_nuisance();
      break;
    default:
      break;
  }
  return 0;
}

int Nghttp2Session::on_data(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                            const std::uint8_t* data, std::size_t size, void* user) {
  // What all requests share is free again at once; see kConnectionWindow.
  nghttp2_session_consume_connection(session, size);
  self(user).handler().on_data(stream, {reinterpret_cast<const char*>(data), size});
  return 0;
}

int Nghttp2Session::on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  const std::int32_t stream = frame->hd.stream_id;
  const bool is_message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  // The answer is complete before the question: the rest is of no use (RFC 9113 section 8.1).
  if (is_message && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
      nghttp2_session_get_stream_remote_close(session, stream) == 0)
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
  // Who makes us reset his requests does the same as who resets them himself (CVE-2025-8671).
  const std::uint32_t why = frame->hd.type == NGHTTP2_RST_STREAM ? frame->rst_stream.error_code
                                                                 : std::uint32_t{NGHTTP2_NO_ERROR};
  if (why != NGHTTP2_NO_ERROR && why != NGHTTP2_INTERNAL_ERROR)
    self(user).handler().on_nuisance();
  return 0;
}

int Nghttp2Session::on_closed(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
  self(user).handler().on_closed(stream);
  return 0;
}

ssize_t Nghttp2Session::take_body(nghttp2_session*, std::int32_t stream, std::uint8_t* room,
                                  std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                                  void* user) {
  const Http2Handler::Portion portion =
      self(user).handler().take_body(stream, {reinterpret_cast<char*>(room), size});
  if (portion.bytes == 0 && !portion.over)
    return NGHTTP2_ERR_DEFERRED;
  if (portion.over)
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (portion.trailers)
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  return static_cast<ssize_t>(portion.bytes);
}

ssize_t Nghttp2Session::data_per_frame(nghttp2_session*, std::uint8_t, std::int32_t,
                                       std::int32_t window, std::int32_t stream_window,
                                       std::uint32_t max_frame, void*) {
  const ssize_t allowed = std::min<ssize_t>({window, stream_window, ssize_t{max_frame}});
  return std::min(allowed, kDataPerFrame);
}

}  // namespace
}  // namespace berth::proxy

extern "C" __attribute__((visibility("default"))) berth::proxy::Http2Session* berth_http2_open(
    berth::proxy::Http2Handler& handler) {
  using namespace berth::proxy;
  std::unique_ptr<Nghttp2Session> made(new (std::nothrow) Nghttp2Session(handler));
  return made != nullptr && made->open() ? made.release() : nullptr;
}
