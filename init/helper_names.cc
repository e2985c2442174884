// The helper that looks up names, and gives units uids of their own.
#include "init/helper_names.h"

#include <cstdio>

#include <grp.h>
#include <pwd.h>

#include "init/auto_uids.h"
#include "init/helper_mode.h"
#include "units/unit.h"
#include "units/wire.h"

namespace berth::helper {
namespace {

// What find_user() cannot answer from /etc/passwd: LDAP, systemd-userdb and the like.
Result<Identity> ask_name_services(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr)
    return Error{ErrorCode::not_found, "user \"" + name + "\": no such user"};
  Identity user{entry->pw_uid, entry->pw_gid, {}, entry->pw_name, entry->pw_dir, entry->pw_shell};
  int count = 0;
  ::getgrouplist(user.name.c_str(), user.gid, nullptr, &count);
  user.groups.resize(static_cast<std::size_t>(count));
  if (::getgrouplist(user.name.c_str(), user.gid, user.groups.data(), &count) < 0)
    return Error{ErrorCode::unavailable, "user \"" + name + "\": its groups cannot be read"};
  return user;
}

// Neither a user nor a group of somebody else: files that it made would be his.
bool is_taken(uid_t uid) {
  return ::getpwuid(uid) != nullptr || ::getgrgid(uid) != nullptr;
}

// words: FILE FIRST LAST UNIT
Result<void> find_auto_uid(const std::string* words, FoundNames& found) {
  const auto first = parse_number<uid_t>(words[1]);
  const auto last = parse_number<uid_t>(words[2]);
  if (!first || !last)
    return Error{ErrorCode::invalid, "names: FIRST and LAST must be numbers"};
  const uid_t uid = BERTH_TRY(find_or_give_uid(words[0], {*first, *last}, words[3], is_taken));
  found.users[kAutoUser] = unnamed_user(uid);
  return {};
}

void find_name(const std::string& kind, const std::string& name, FoundNames& found) {
  if (kind == "group") {
    if (const Result<gid_t> gid = find_group_anywhere(name))
      found.groups[name] = *gid;
  } else if (Result<Identity> user = find_user_anywhere(name)) {
    found.users[name] = *std::move(user);
  }
}

constexpr std::size_t kWordsOfAuto = 4;

}  // namespace

Result<Identity> find_user_anywhere(const std::string& name) {
  Result<Identity> user = find_user(name);
  return user ? std::move(user) : ask_name_services(name);
}

Result<gid_t> find_group_anywhere(const std::string& name) {
  Result<gid_t> gid = find_group(name);
  if (gid)
    return gid;
  if (const group* entry = ::getgrnam(name.c_str()); entry != nullptr)
    return entry->gr_gid;
  return Error{ErrorCode::not_found, "group \"" + name + "\": no such group"};
}

int names(const Arguments& arguments) {
  FoundNames found;
  for (std::size_t i = 0; i < arguments.size();) {
    const std::string& kind = arguments[i];
    const std::size_t words = kind == kAutoUser ? kWordsOfAuto : 1;
    if (arguments.size() - i <= words)
      return complain("names: wants KIND NAME for each", kUsage);
    if (kind != kAutoUser)
      find_name(kind, arguments[i + 1], found);
    else if (const auto given = find_auto_uid(&arguments[i + 1], found); !given)
      found.problem = given.error().message;
    i += words + 1;
  }
  const std::string answer = wire::encode(found);
  const bool written = std::fwrite(answer.data(), 1, answer.size(), stdout) == answer.size();
  return written && std::fflush(stdout) == 0 ? kYes : kNo;
}

}  // namespace berth::helper
