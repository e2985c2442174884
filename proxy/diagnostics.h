// What the proxy has to say to its admin: lines on standard error, which PID 1 collects.
#pragma once

#include <string_view>

namespace berth::proxy {

/// Writes one line; never waits: a line that finds the pipe full is lost.
void report(std::string_view message);
/// Something that cannot happen has happened. Aborts in debug builds.
void log_bug(std::string_view message);

}  // namespace berth::proxy
