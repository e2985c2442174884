// "did you mean": the known word that is nearest to an unknown one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

/// How many insertions, deletions, replacements and swaps of neighbours lead from `a` to `b`;
/// anything above `limit` comes back as limit + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// The word of `known` nearest to `word`, if it is near enough to be what was meant (one edit for
/// three letters, at most three); else empty. The first of equally near ones.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

/// `; did you mean "command"?`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace berth
