// Text that D-Bus takes: a message with anything but UTF-8 in a string is refused whole.
#pragma once

#include <string>
#include <string_view>

namespace berth::admin {

/// `text` with U+FFFD in place of each byte that is not part of UTF-8 (RFC 3629), and of NUL.
std::string valid_utf8(std::string_view text);

}  // namespace berth::admin
