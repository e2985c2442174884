// Reading /etc/passwd and /etc/group.
#include "init/identity.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

#include <grp.h>
#include <pwd.h>

#include "units/unit.h"

namespace berth {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

File open_table(const char* path) {
  return File(std::fopen(path, "re"));
}

// An id as a decimal number. The highest one means "leave it" to the kernel (setresuid(2)).
std::optional<id_t> number_of(std::string_view text) {
  id_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end || number == static_cast<id_t>(-1))
    return std::nullopt;
  return number;
}

// fgetpwent(3) and fgetgrent(3) parse a file and ask no name service.
template <typename Wanted>
std::optional<Identity> find_in_passwd(Wanted wanted) {
  const File table = open_table("/etc/passwd");
  if (table == nullptr)
    return std::nullopt;
  while (const passwd* entry = ::fgetpwent(table.get())) {
    if (!wanted(*entry))
      continue;
    return Identity{entry->pw_uid,  entry->pw_gid, {entry->pw_gid},
                    entry->pw_name, entry->pw_dir, entry->pw_shell};
  }
  return std::nullopt;
}

bool lists(const group& entry, const std::string& user) {
  for (char** member = entry.gr_mem; *member != nullptr; ++member)
    if (user == *member)
      return true;
  return false;
}

void add_groups_of(Identity& user) {
  const File table = open_table("/etc/group");
  if (table == nullptr)
    return;
  while (const group* entry = ::fgetgrent(table.get())) {
    const bool known =
        std::find(user.groups.begin(), user.groups.end(), entry->gr_gid) != user.groups.end();
    if (!known && lists(*entry, user.name))
      user.groups.push_back(entry->gr_gid);
  }
}

}  // namespace

Identity unnamed_user(uid_t uid) {
  Identity user;
  user.uid = uid;
  user.gid = uid;
  user.groups = {uid};
  return user;
}

Result<Identity> find_user(const std::string& name_or_number, const FoundNames& found) {
  const std::optional<id_t> number = number_of(name_or_number);
  std::optional<Identity> user;
  if (name_or_number != kAutoUser)
    user = find_in_passwd([&](const passwd& entry) { return entry.pw_name == name_or_number; });
  if (!user.has_value() && number.has_value())
    user = find_in_passwd([&](const passwd& entry) { return entry.pw_uid == *number; });
  if (user.has_value()) {
    add_groups_of(*user);
    return *std::move(user);
  }
  if (const auto told = found.users.find(name_or_number); told != found.users.end())
    return told->second;
  if (!number.has_value())
    return Error{ErrorCode::not_found, "no such user"};
  return unnamed_user(*number);
}

Result<gid_t> find_group(const std::string& name_or_number, const FoundNames& found) {
  const File table = open_table("/etc/group");
  while (const group* entry = table != nullptr ? ::fgetgrent(table.get()) : nullptr)
    if (entry->gr_name == name_or_number)
      return entry->gr_gid;
  if (const auto told = found.groups.find(name_or_number); told != found.groups.end())
    return told->second;
  if (const std::optional<id_t> number = number_of(name_or_number))
    return *number;
  return Error{ErrorCode::not_found, "no such group"};
}

}  // namespace berth
