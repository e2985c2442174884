// What the kernel can do about the memory of a whole process: asked, not tried.
#pragma once

#include "units/result.h"

namespace berth::os {

/// PR_SET_THP_DISABLE.
Result<void> can_disable_huge_pages();
/// PR_SET_MEMORY_MERGE, Linux 6.4 with CONFIG_KSM.
Result<void> can_merge_pages();
/// Whether ksmd does its work, which is the machine's to decide, not the container's.
bool merges_pages();

/// Of this process: how willingly the kernel kills it; 0 if that cannot be read. // man 5 proc
int own_oom_score_adj();

}  // namespace berth::os
