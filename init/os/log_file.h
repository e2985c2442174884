// LogFile: a file that only grows, and is rotated before it grows too large.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

/// May wait for a disk: for helpers. Follows no symbolic link on the whole path, and writes to
/// nothing but a regular file with a single name, so that whoever may write to a folder on the way
/// cannot have another file written.
class LogFile {
 public:
  /// path: absolute, without "..".
  explicit LogFile(std::string path) : path_(std::move(path)) {}

  /// Appends all of `lines` or nothing. Before that the file becomes PATH.1, an older PATH.1
  /// becomes PATH.2 and so on up to `keep`, if it would grow beyond `rotate_size` bytes (0 =
  /// never). The file and the folders above it are made if they are missing, as 0640 and 0755;
  /// after a rotation it has the owner and mode that it had before. Somebody else may rotate or
  /// remove it, too.
  Result<void> append(std::string_view lines, std::uint64_t rotate_size, std::uint32_t keep);

 private:
  Result<void> open();
  bool is_still_there() const;
  Result<void> rotate(std::uint32_t keep);

  std::string path_;
  std::string name_;  ///< in the folder
  UniqueFd folder_, file_;
  std::uint64_t size_ = 0;
};

}  // namespace berth::os
