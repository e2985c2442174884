// Times, sizes and counts as people say them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "init/ctl/model.h"

namespace berth::ctl {

/// "now", "5s ago", "3m ago", "2h ago", "4d ago"; "" for never.
std::string ago(std::uint64_t then_ms, std::uint64_t now_ms);
/// The largest unit alone: "5s", "3m", "2h", "4d".
std::string roughly(std::uint64_t duration_ms);
/// "850us", "12ms", "1.234s", "2m 3.456s".
std::string precisely(std::uint64_t duration_us);
/// "2026-11-23 15:02:11" in local time.
std::string local_time(std::uint64_t time_ms);
/// "1.5M", "-" if it is not known.
std::string size_text(const Figure& bytes);
/// "1 unit", "3 units".
std::string count_of(std::size_t number, std::string_view noun);
/// What a terminal shows of text from elsewhere: control characters as '?', so that a log line or a
/// description cannot move the cursor.
std::string printable(std::string_view text);
std::string join(const std::vector<std::string>& words, std::string_view between);

}  // namespace berth::ctl
