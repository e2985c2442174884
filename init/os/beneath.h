// Files below a folder that must never be left: what a server shows to strangers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

struct FileInfo {
  std::uint64_t size = 0;
  std::int64_t modified = 0;        ///< seconds since 1970
  std::uint32_t modified_nsec = 0;  ///< the rest of it
  std::uint64_t inode = 0;
  bool regular = false;

  bool operator==(const FileInfo&) const = default;
};

/// A folder to open files below of.
Result<UniqueFd> open_folder(const std::string& path);
/// Which symbolic links are followed on the way.
enum class Links : std::uint8_t { none, below, any };
/// Opens `relative` for reading without ever leaving `folder`: ".." does not lead out of it, and a
/// symbolic link only where `links` says `any`. Never waits for the writer of a FIFO. The error's
/// os_errno tells what is in the way.
Result<UniqueFd> open_beneath(BorrowedFd folder, const std::string& relative,
                              Links links = Links::below);
/// What an open file is; nothing if the kernel does not say.
std::optional<FileInfo> file_info(BorrowedFd file);
/// The same of a path.
std::optional<FileInfo> file_info(const std::string& path);
/// The whole of a regular file of at most `limit` bytes.
Result<std::string> read_regular(const std::string& path, std::size_t limit);

}  // namespace berth::os
