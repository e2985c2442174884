// Environment files: NAME=value lines, as systemd.exec(5) EnvironmentFile= and shells that source
// them take them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "units/result.h"

namespace berth {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// The variables of a file, in its order. A line is empty, a comment (# or ;), or NAME=value, with
/// `export` before it or not. A value ends with its line, less the blanks at its ends; '…' is taken
/// as it is, in "…" a backslash protects one of "$`\ and both may go over several lines; outside of
/// quotes a backslash protects whatever follows; before the end of a line, outside of '…', it joins
/// two lines. Nothing is expanded, and a zero byte is an error anywhere. An error begins with
/// "path:line: " and never holds a value.
Result<Variables> parse_env_file(std::string_view text, const std::string& path);

}  // namespace berth
