// Small files and folders: read whole with a bound, written by rename, made and removed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "units/result.h"

namespace berth::os {

/// The whole file. `invalid` if it is larger than `limit` bytes or not a regular file.
Result<std::string> read_file(const std::string& path, std::size_t limit);
/// As read_file(), but `denied` if anybody but root and `trusted_uid` could have written it: its
/// owner, group- and other-writable bits are checked on the descriptor that is read.
Result<std::string> read_trusted_file(const std::string& path, std::size_t limit,
                                      uid_t trusted_uid);
/// `denied` if anybody but root and `trusted_uid` may write to the folder.
Result<void> check_trusted_folder(const std::string& path, uid_t trusted_uid);
/// Names in a folder without "." and "..", sorted. `not_found` if there is no such folder.
Result<std::vector<std::string>> list_folder(const std::string& path);
bool exists(const std::string& path);

/// Makes a folder if it is missing; sets mode, and owner where given, in either case.
Result<void> make_folder(const std::string& path, mode_t mode, std::optional<uid_t> uid = {},
                         std::optional<gid_t> gid = {});
/// Removes what is in a folder, not the folder itself; follows no symbolic link.
Result<void> empty_folder(const std::string& path);
void remove_file(const std::string& path);
/// "/usr/sbin/berth" of the running program; without a /proc as it was executed.
std::string own_program_path();
/// The working directory; "/" if it cannot be told.
std::string current_folder();
/// MemTotal of /proc/meminfo, 0 if unreadable.
std::uint64_t memory_total_bytes();

}  // namespace berth::os
