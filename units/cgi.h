// Jobs that requests start (RFC 3875): which variables a request may set, and what such a job must
// be like.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "units/unit.h"

namespace berth::cgi {

/// What fits a packet of the control socket beside the rest of its message.
inline constexpr std::size_t kMaxVariables = 320;
inline constexpr std::size_t kMaxBytes = std::size_t{48} * 1024;

/// By name.
using Variables = std::map<std::string, std::string>;

/// Whether a request may set it: the variables of RFC 3875 section 4.1, a few that servers have
/// added to them, and HTTP_*. HTTP_PROXY is none of them: programs take it for their own
/// (CVE-2016-5385).
bool is_variable(std::string_view name);
/// Whether all of them may be set, hold no NUL, and are within the limits above.
bool are_sound(const Variables& variables);
/// Within the limits.
bool fit(const Variables& variables);

/// What keeps the unit's keys from working together where a request starts a job, in words.
std::vector<std::string> problems(const Unit& unit);

}  // namespace berth::cgi
