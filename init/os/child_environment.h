// The environment of a child whose variables come from a file that its parent does not read.
#pragma once

#include <cstddef>
#include <span>

#include "init/os/fd.h"

namespace berth::os {

/// `own` with the variables of `file` ("NAME=value\0"…) put over it: one of `own` that is in the
/// file, too, is left out, but of the last `fixed` ones it is the file's that is left out. For a
/// child between fork and execve: the file is mapped and nothing is allocated from the heap, so a
/// secret is in no memory but the child's. Ends with a null pointer; null with errno on failure.
char** merge_environment(std::span<char* const> own, std::size_t fixed, BorrowedFd file);

}  // namespace berth::os
