// The one place where errno becomes an Error.
#pragma once

#include <string>
#include <string_view>

#include "units/result.h"

namespace berth::os {

/// "bind 127.0.0.1:80: Permission denied". `attempted` says what was done and on what; `number` is
/// an errno value.
Error errno_error(std::string_view attempted, int number);
/// With the current errno.
Error errno_error(std::string_view attempted);
/// A failure of the machine as it is now, not of what was asked for: worth another try.
bool is_passing(int number);
/// "Permission denied"; thread safe, never translated.
std::string errno_text(int number);

}  // namespace berth::os
