// One question to a Unix socket, for helpers: it blocks.
#pragma once

#include <string>
#include <string_view>

#include "units/result.h"

namespace berth::os {

/// Connects to the socket at `path`, sends `request`, and returns what comes back: up to the end,
/// up to a pause of a second, or the first 4 KiB. Empty = the other end was closed without an
/// answer. An error says that it was not sent. Waits for the answer without a limit.
Result<std::string> ask_socket(const std::string& path, std::string_view request);

}  // namespace berth::os
