// Users and groups from wherever they are known; only for helpers, since it may take long.
#pragma once

#include "init/identity.h"

namespace berth::helper {

/// As find_user() and find_group(), then the name services: LDAP, systemd-userdb and the like.
Result<Identity> find_user_anywhere(const std::string& name);
Result<gid_t> find_group_anywhere(const std::string& name);

}  // namespace berth::helper
