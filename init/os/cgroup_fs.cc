// Groups are folders, their settings files.
#include "init/os/cgroup_fs.h"

#include <cerrno>
#include <charconv>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/files.h"

namespace berth::os {
namespace {

// A group of 100,000 processes has less than this in cgroup.procs.
constexpr std::size_t kMostText = std::size_t{1024} * 1024;
constexpr mode_t kGroupMode = 0755;
// How deep groups of a unit's own making are followed.
constexpr int kMostDepth = 16;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = end == text.data() + text.size() || *end == '\n';
  return error == std::errc{} && whole ? std::optional(number) : std::nullopt;
}

template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void add_members(const std::string& path, int depth, std::vector<pid_t>& members) {
  if (const auto text = read_group_file(path + "/cgroup.procs")) {
    for_each_line(*text, [&](std::string_view line) {
      // 0 = of another PID namespace.
      if (const auto pid = number_in<pid_t>(line); pid.value_or(0) > 0)
        members.push_back(*pid);
    });
  }
  if (depth == 0)
    return;
  for (const std::string& below : groups_below(path))
    add_members(path + "/" + below, depth - 1, members);
}

Result<void> remove_tree(const std::string& path, int depth) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT)
    return {};
  const int refused = errno;
  // The files of a group are no obstacle to rmdir, groups below are.
  const std::vector<std::string> below =
      depth > 0 ? groups_below(path) : std::vector<std::string>{};
  for (const std::string& name : below)
    BERTH_TRY(remove_tree(path + "/" + name, depth - 1));
  if (!below.empty() && ::rmdir(path.c_str()) == 0)
    return {};
  errno = below.empty() ? refused : errno;
  return errno_error("remove the cgroup " + path);
}

}  // namespace

CgroupKind cgroup_kind(const std::string& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0)
    return CgroupKind::none;
  if (status.f_type == CGROUP2_SUPER_MAGIC)
    return CgroupKind::v2;
  return status.f_type == CGROUP_SUPER_MAGIC ? CgroupKind::v1 : CgroupKind::none;
}

bool may_change_group(const std::string& path) {
  // access(2) says EROFS of a read-only mount, root or not.
  return ::access(path.c_str(), W_OK | X_OK) == 0 &&
         ::access((path + "/cgroup.procs").c_str(), W_OK) == 0;
}

Result<bool> make_group(const std::string& path) {
  if (::mkdir(path.c_str(), kGroupMode) == 0)
    return true;
  if (errno == EEXIST)
    return false;
  return errno_error("make the cgroup " + path);
}

Result<void> remove_group(const std::string& path) {
  return remove_tree(path, kMostDepth);
}

std::vector<std::string> groups_below(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDir> folder(::opendir(path.c_str()));
  if (folder == nullptr)
    return names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..")
      names.push_back(name);
  }
  return names;
}

Result<void> write_group_file(const std::string& path, std::string_view text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open())
    return errno_error("open " + path);
  if (::write(file.raw(), text.data(), text.size()) < 0)
    return errno_error("write \"" + std::string(text) + "\" to " + path);
  return {};
}

std::optional<std::string> read_group_file(const std::string& path) {
  auto text = read_file(path, kMostText);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

std::optional<std::uint64_t> read_group_number(const std::string& path) {
  const auto text = read_group_file(path);
  return text ? number_in<std::uint64_t>(*text) : std::nullopt;
}

std::map<std::string, std::uint64_t> read_group_table(const std::string& path) {
  std::map<std::string, std::uint64_t> table;
  const std::string text = read_group_file(path).value_or("");
  for_each_line(text, [&](std::string_view line) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const auto number = number_in<std::uint64_t>(line.substr(std::min(blank + 1, line.size())));
    if (number)
      table[std::string(line.substr(0, blank))] = *number;
  });
  return table;
}

std::vector<pid_t> group_members(const std::string& path) {
  std::vector<pid_t> members;
  add_members(path, kMostDepth, members);
  return members;
}

UniqueFd open_group(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace berth::os
