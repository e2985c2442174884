// A folder whose files only one user may read, and what else keeps secrets secret.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

/// A folder in the making. Until hand_over() it is ours alone.
class PrivateFolder {
 public:
  /// REQUIRES: only we may write to the folder above. One that is there already is removed.
  static Result<PrivateFolder> make(const std::string& path);

  /// A file of mode 0400 for that owner.
  Result<void> add(const std::string& name, const std::string& content, std::optional<uid_t> uid,
                   std::optional<gid_t> gid) const;
  /// The folder itself becomes the owner's, with mode 0500.
  Result<void> hand_over(std::optional<uid_t> uid, std::optional<gid_t> gid) const;

 private:
  PrivateFolder(std::string path, UniqueFd folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}

  std::string path_;
  UniqueFd folder_;
};

/// Takes the folder back and removes it with its files; also where it is another user's and we have
/// no CAP_DAC_OVERRIDE. Nothing if it is not there.
Result<void> remove_private_folder(const std::string& path);

/// Whether the path lies on a mount that nobody may write to.
bool is_on_read_only_mount(const std::string& path);

/// A file without a name, in memory, for reading and writing; close-on-exec.
Result<UniqueFd> make_memory_file(const char* name);

/// From now on no core dump and no other process without privileges shows what this one holds
/// (prctl(2), PR_SET_DUMPABLE).
void hide_memory();

}  // namespace berth::os
