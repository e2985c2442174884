// The syntax of regexes as RE2 has it, so far as a unit file can be told about it without RE2.
#pragma once

#include <string>
#include <string_view>

#include "units/result.h"

namespace berth {

/// How many groups the regex captures, or what is wrong with it. PID 1 has no regex library: what
/// this lets pass RE2 may refuse all the same, for its size or for a name that it does not know.
/// Source: https://github.com/google/re2/wiki/Syntax
Result<int> count_groups(std::string_view regex);

/// The highest N of the $N in `text`; 0 if there is none.
int highest_reference(std::string_view text);

/// `text` as a regex that matches itself and nothing else.
std::string quote_regex(std::string_view text);

}  // namespace berth
