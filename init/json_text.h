// UTF-8 and JSON as the log needs them: escaping what units say, and telling a line that is JSON
// already.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace berth {

/// The length (1 to 4) of the character that `text` begins with, or 0 where that is not valid UTF-8
/// (RFC 3629: no overlong forms, no surrogates) or `text` is empty.
std::size_t utf8_length(std::string_view text);

/// `text` with every byte that is not part of valid UTF-8, and NUL, replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

/// Appends `text` as a JSON string, quotes included; invalid bytes become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Whether `text` is one complete JSON object (RFC 8259, nested at most 32 deep) that has `key` at
/// its top level.
bool is_json_object_with(std::string_view text, std::string_view key);

}  // namespace berth
