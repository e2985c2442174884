// Bytes as they come out of a pipe, made into lines.
#include "init/line_splitter.h"

#include <algorithm>
#include <utility>

namespace berth {
namespace {

constexpr std::size_t kMaxCharacter = 4;  ///< bytes of the longest character in UTF-8

std::string_view without_return(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

/// Where to cut so that no character of UTF-8 is torn; garbage is cut anywhere.
std::size_t cut_position(std::string_view line) {
  for (std::size_t back = 1; back < kMaxCharacter; ++back) {
    const auto byte = static_cast<unsigned char>(line[line.size() - back]);
    if (byte >= 0xC0U) {
      const std::size_t length = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : 2;
      return length > back ? line.size() - back : line.size();
    }
    if (byte < 0x80U)
      break;
  }
  return line.size();
}

}  // namespace

void LineSplitter::feed(std::string_view bytes, const OnLine& on_line) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, newline);
    if (partial_.size() + piece.size() > kMaxLogLine) {
      const std::size_t room = kMaxLogLine - partial_.size();
      partial_ += piece.substr(0, room);
      bytes.remove_prefix(room);
      split_overlong(on_line);
      continue;
    }
    if (newline == std::string_view::npos) {
      partial_ += piece;
      return;
    }
    bytes.remove_prefix(newline + 1);
    if (partial_.empty()) {
      on_line(without_return(piece));
      continue;
    }
    partial_ += piece;
    finish(on_line);
  }
}

void LineSplitter::finish(const OnLine& on_line) {
  if (partial_.empty())
    return;
  const std::string line = std::exchange(partial_, std::string());
  on_line(without_return(line));
}

void LineSplitter::split_overlong(const OnLine& on_line) {
  const std::size_t cut = cut_position(partial_);
  on_line(std::string_view(partial_).substr(0, cut));
  partial_.erase(0, cut);
}

}  // namespace berth
