// A table of the types that web applications ship.
#include "proxy/mime_types.h"

#include <algorithm>
#include <array>

#include "proxy/header_name.h"

namespace berth::proxy {
namespace {

struct Type {
  std::string_view extension;
  std::string_view type;
};

constexpr std::array kTypes = {
    Type{"html", "text/html; charset=utf-8"},
    Type{"htm", "text/html; charset=utf-8"},
    Type{"css", "text/css; charset=utf-8"},
    Type{"js", "text/javascript; charset=utf-8"},
    Type{"mjs", "text/javascript; charset=utf-8"},
    Type{"json", "application/json"},
    Type{"map", "application/json"},
    Type{"webmanifest", "application/manifest+json"},
    Type{"txt", "text/plain; charset=utf-8"},
    Type{"md", "text/markdown; charset=utf-8"},
    Type{"csv", "text/csv; charset=utf-8"},
    Type{"xml", "application/xml"},
    Type{"atom", "application/atom+xml"},
    Type{"rss", "application/rss+xml"},
    Type{"ics", "text/calendar; charset=utf-8"},
    Type{"svg", "image/svg+xml"},
    Type{"png", "image/png"},
    Type{"jpg", "image/jpeg"},
    Type{"jpeg", "image/jpeg"},
    Type{"gif", "image/gif"},
    Type{"webp", "image/webp"},
    Type{"avif", "image/avif"},
    Type{"ico", "image/vnd.microsoft.icon"},
    Type{"bmp", "image/bmp"},
    Type{"tif", "image/tiff"},
    Type{"tiff", "image/tiff"},
    Type{"woff", "font/woff"},
    Type{"woff2", "font/woff2"},
    Type{"ttf", "font/ttf"},
    Type{"otf", "font/otf"},
    Type{"eot", "application/vnd.ms-fontobject"},
    Type{"mp3", "audio/mpeg"},
    Type{"m4a", "audio/mp4"},
    Type{"ogg", "audio/ogg"},
    Type{"wav", "audio/wav"},
    Type{"mp4", "video/mp4"},
    Type{"webm", "video/webm"},
    Type{"mov", "video/quicktime"},
    Type{"pdf", "application/pdf"},
    Type{"zip", "application/zip"},
    Type{"gz", "application/gzip"},
    Type{"wasm", "application/wasm"},
    Type{"doc", "application/msword"},
    Type{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    Type{"xls", "application/vnd.ms-excel"},
    Type{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
};

}  // namespace

std::string_view mime_type(std::string_view extension) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& type) {
    return equals_ignoring_case(type.extension, extension);
  });
  return found == kTypes.end() ? "application/octet-stream" : found->type;
}

std::string_view extension_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

}  // namespace berth::proxy
