// What a program of ours does with its inherited descriptors and limits before anything else.
#pragma once

#include <sys/resource.h>

namespace berth::os {

/// Opens /dev/null for those of 0, 1 and 2 that are closed, or the first file opened would become
/// the standard output; everything above them becomes close-on-exec.
void secure_standard_fds();
/// Raises the soft limit of open files to the hard one; returns what it was before, for the
/// children.
rlimit raise_nofile();

}  // namespace berth::os
