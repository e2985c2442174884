// Users and groups from /etc/passwd and /etc/group. PID 1 asks no name service: what these files do
// not answer is asked by a helper (helper_modes.h).
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "units/result.h"

namespace berth {

/// uid, gid and supplementary groups of a user by name or number, from /etc/passwd and /etc/group.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< `gid` and every group that lists the name
  std::string name;           ///< empty for a number without an entry
  std::string home, shell;    ///< empty likewise
};

/// Fails with "no such user". A number without an entry is a user whose group has the same number.
Result<Identity> find_user(const std::string& name_or_number);
/// Fails with "no such group".
Result<gid_t> find_group(const std::string& name_or_number);

}  // namespace berth
