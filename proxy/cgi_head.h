// The header block with which the output of a job may begin (RFC 3875 section 6).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::proxy {

/// A block is smaller.
inline constexpr std::size_t kMaxCgiHead = std::size_t{16} * 1024;

enum class CgiHeadOutcome : std::uint8_t {
  more,      ///< it could be one: its end is not there yet
  none,      ///< the output has none: all of it is the body
  complete,  ///< the first `size` bytes
  bad,       ///< it is one, and is too long, or its Status is none
};
struct CgiHead {
  CgiHeadOutcome outcome = CgiHeadOutcome::more;
  std::size_t size = 0;
  std::string response;  ///< `complete`: the head of an HTTP/1.1 response that says the same
};
/// Looks at the beginning of what a job has printed. It has a header block if its first line is a
/// field that such a block begins with, all lines up to an empty one are fields, and one of
/// Content-Type, Status and Location is among them. over: nothing will follow.
CgiHead read_cgi_head(std::string_view output, bool over);

}  // namespace berth::proxy
