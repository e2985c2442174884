// Users and groups from /etc/passwd and /etc/group. PID 1 asks no name service: what these files do
// not answer is asked by a helper (name_lookup.h).
#pragma once

#include <map>
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

  bool operator==(const Identity&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.uid);
    visit(self.gid);
    visit(self.groups);
    visit(self.name);
    visit(self.home);
    visit(self.shell);
  }
};

/// What the name services know of names that are not in the files; by the name that was asked for.
/// `auto` is the uid that a unit has for itself.
struct FoundNames {
  std::map<std::string, Identity> users;
  std::map<std::string, gid_t> groups;
  std::string problem;  ///< why there is no `auto`; empty if there is, or none was wanted

  bool operator==(const FoundNames&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.users);
    visit(self.groups);
    visit(self.problem);
  }
};

/// The identity of a number that no table knows: a group of the same number, nothing else.
Identity unnamed_user(uid_t uid);

/// The files win over `found`. Fails with "no such user". A number without an entry is a user whose
/// group has the same number; `auto` is in `found` alone.
Result<Identity> find_user(const std::string& name_or_number, const FoundNames& found = {});
/// Likewise. Fails with "no such group".
Result<gid_t> find_group(const std::string& name_or_number, const FoundNames& found = {});

}  // namespace berth
