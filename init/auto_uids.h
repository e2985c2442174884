// Uids that units have for themselves (`user = "auto"`), kept in a file, so that a unit finds its
// files again. Only for helpers: the file may lie on a volume.
#pragma once

#include <string>

#include <sys/types.h>

#include "units/result.h"

namespace berth {

struct UidRange {
  uid_t first, last;  ///< inclusive
};

/// The uid of `unit` in `file`, a line "UID UNIT" each; if it has none within `range`, the first
/// one that is in no line and not `is_taken` is written there. The file is locked meanwhile. A line
/// is never reused, whether its unit exists or not: files of that uid may. Fails if the range is
/// exhausted, or if anybody but root and ourselves could have written the file or may write to its
/// folder.
Result<uid_t> find_or_give_uid(const std::string& file, UidRange range, const std::string& unit,
                               bool (*is_taken)(uid_t uid));

}  // namespace berth
