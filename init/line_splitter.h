// LineSplitter: bytes as they come out of a pipe, made into lines.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace berth {

/// The longest line; what is longer is split between two characters.
inline constexpr std::size_t kMaxLogLine = std::size_t{16} * 1024;

/// Holds at most kMaxLogLine bytes, and no memory while there is no unfinished line.
class LineSplitter {
 public:
  using OnLine = std::function<void(std::string_view line)>;

  /// Calls `on_line` for each line that `bytes` completes, without its "\n" or "\r\n".
  void feed(std::string_view bytes, const OnLine& on_line);
  /// The unfinished line, if any, is one now.
  void finish(const OnLine& on_line);

 private:
  void split_overlong(const OnLine& on_line);

  std::string partial_;
};

}  // namespace berth
