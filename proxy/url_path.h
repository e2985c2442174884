// Paths of URLs, made equal before anything is decided by them.
#pragma once

#include <string>
#include <string_view>

namespace berth::proxy {

/// Where a path came out differently than it came in.
enum class PathChange : unsigned char {
  none,
  spelling,  ///< only the spelling of characters differs (RFC 3986 section 6.2.2)
  shape,     ///< segments were removed or merged: the original must not go upstream
  refused,   ///< 400: an encoded NUL, an encoded or escaping "..", a raw control byte or backslash
};

/// The path `raw` (without query) in its one spelling: what need not be percent-encoded is decoded,
/// other escapes are in upper case, "." and ".." segments are resolved and repeated slashes merged.
/// An encoded slash stays encoded, always: it is no segment border.
PathChange normalise_path(std::string_view raw, std::string& path);

/// `path` with every escape decoded except those of a slash; false if there is a NUL in it.
/// For file names.
bool decode_path(std::string_view path, std::string& decoded);

/// Whether `path` is below `prefix` (or is it) with `prefix` ending at a segment border:
/// "/a/b" and "/a/" are below "/a", "/ab" is not.
bool is_below(std::string_view path, std::string_view prefix);

}  // namespace berth::proxy
