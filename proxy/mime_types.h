// The media types of static files.
#pragma once

#include <string_view>

namespace berth::proxy {

/// By extension without dot, in any case; application/octet-stream if it is not known.
std::string_view mime_type(std::string_view extension);
/// "css" of "/a/b.min.css"; empty if the last segment has none.
std::string_view extension_of(std::string_view path);

}  // namespace berth::proxy
