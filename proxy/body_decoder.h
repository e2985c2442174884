// BodyDecoder: finds where a message body ends, and takes the chunking off it.
//
// Our own and not llhttp's: chunk sizes are where two servers come to read one message differently,
// so the grammar here is the narrowest that senders need. Sizes are 1 to 15 hex digits directly
// followed by CR LF or an extension (dropped), chunks end in CR LF, trailers are whole field lines.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proxy/http_head.h"

namespace berth::proxy {

class BodyDecoder {
 public:
  enum class Outcome : std::uint8_t { more, complete, malformed };
  struct Step {
    Outcome outcome = Outcome::more;
    std::size_t used = 0;      ///< of the bytes given
    std::string_view payload;  ///< within the bytes given, in one piece
  };

  /// length: of the body, if `kind` is `length`.
  void start(BodyKind kind, std::uint64_t length);
  /// Decodes in place: payload of several chunks is moved together. `used` < bytes.size() only if
  /// the body is complete or malformed.
  Step take(std::span<char> bytes);
  /// Whether nothing more belongs to the body.
  bool is_complete() const { return state_ == State::done; }
  BodyKind kind() const { return kind_; }
  /// The payload so far, in bytes.
  std::uint64_t total() const { return total_; }
  /// The trailer fields that may be passed on, each with its line end; all of them once the body is
  /// complete. Those that the proxy itself has an interest in frame, route or vouch for a message,
  /// which a trailer must not do (RFC 9110 section 6.5.1): they are left out.
  std::string_view trailers() const { return trailers_; }
  /// How many bytes may be read without reading beyond the body; SIZE_MAX where that is not known.
  std::size_t expected() const;

 private:
  enum class State : std::uint8_t {
    done,
    counted,     ///< `left_` bytes of a body with a length
    open_ended,  ///< until the connection closes
    size_first,  ///< the first digit of a chunk's size
    size,
    extension,
    size_lf,
    data,  ///< `left_` bytes of a chunk
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    broken,
  };

  /// One byte of what is not payload.
  void control(char byte);
  void size_byte(char byte);
  void extension_byte(char byte);
  void trailer_byte(char byte);
  void end_trailer();

  State state_ = State::done;
  BodyKind kind_ = BodyKind::none;
  std::uint8_t digits_ = 0;
  std::uint16_t overhead_ = 0;  ///< bytes of extensions or trailers in a row
  std::uint64_t left_ = 0;
  std::uint64_t total_ = 0;
  std::string trailers_;
  std::size_t trailer_at_ = 0;  ///< where the line under way begins in `trailers_`
};

/// "1a\r\n" for the size 26, written into `room`; the end of the room is always enough.
inline constexpr std::size_t kChunkHeadRoom = 18;
std::string_view chunk_head(std::size_t size, std::span<char, kChunkHeadRoom> room);
inline constexpr std::string_view kChunkEnd = "\r\n";
/// Trailers and kChunkEnd follow.
inline constexpr std::string_view kLastChunk = "0\r\n";

}  // namespace berth::proxy
