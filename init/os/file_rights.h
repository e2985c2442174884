// Taking rights on files away from a process that reads what strangers send (Landlock).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "units/result.h"

namespace berth::os {

/// The files that a process keeps. Whatever is not there when they are counted does not count.
struct FileRights {
  /// Files, and folders with all below, that it may read; nullopt = every file.
  std::optional<std::vector<std::string>> readable;
  /// The folder below which it may change files; empty = none.
  std::string writable;
};

/// From now on neither this process nor its children open other files than these, or make, rename
/// or remove any elsewhere, whatever their ids may do. What is open already stays so. It cannot be
/// taken back. `unavailable` where the kernel has no Landlock (before Linux 5.13, or switched off).
Result<void> keep_only(const FileRights& rights);

/// The folders in which a file, or a folder itself, is found at `path`, by the names that they
/// really have. Those in which the targets of symbolic links on the way lie are among them: a link
/// is made anew for another release, or another certificate, beside the last one. What is missing
/// is looked for in the folder in which it would be made. Never "/", unless that is the path: a
/// file there stands for itself, and what is missing there is left out.
std::vector<std::string> places_of(const std::string& path);

}  // namespace berth::os
