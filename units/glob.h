// Globs over lines of text, matched in bounded time whatever the pattern.
#pragma once

#include <string_view>

namespace berth {

/// Whether `pattern` matches the whole of `text`: `*` any bytes, `?` one byte, `[a-z]` one of a set
/// (`[!…]` none of it), `\` takes the next character as it is. Takes at most |pattern| x |text|
/// steps.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace berth
