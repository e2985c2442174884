// Finding berth's own groups: /proc/self/cgroup names them, mountinfo says where they are.
#include "init/cgroup_layout.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "init/os/files.h"

namespace berth {
namespace {

constexpr std::size_t kMostText = std::size_t{1024} * 1024;

// A mount of a cgroup file system. // proc_pid_mountinfo(5)
struct Mount {
  bool is_v2 = false;
  std::string root;  // of the hierarchy, that is seen at `point`
  std::string point;
  std::string options;  // of v1: the controllers, among others
};

// "\040" for a blank, and so on.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_octal = text[i] == '\\' && i + 3 < text.size();
    plain += is_octal ? static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8)) : text[i];
    i += is_octal ? 3 : 0;
  }
  return plain;
}

std::vector<Mount> mounts_in(const std::string& mountinfo) {
  std::vector<Mount> mounts;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string skipped, word, type, source;
    Mount mount;
    words >> skipped >> skipped >> skipped >> mount.root >> mount.point;
    while (words >> word && word != "-") {
    }
    words >> type >> source >> mount.options;
    mount.is_v2 = type == "cgroup2";
    if (!mount.is_v2 && type != "cgroup")
      continue;
    mount.root = unescaped(mount.root);
    mount.point = unescaped(mount.point);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

bool lists(const std::string& words, char separator, const std::string& wanted) {
  std::istringstream rest(words);
  for (std::string word; std::getline(rest, word, separator);)
    if (word == wanted)
      return true;
  return false;
}

// Our path in the hierarchy of `controller`, "" for version 2. // cgroups(7): ID:CONTROLLERS:PATH
std::string own_path(const std::string& self, const std::string& controller) {
  std::istringstream lines(self);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_it = controller.empty() ? controllers.empty() && line.starts_with("0:")
                                          : lists(controllers, ',', controller);
    if (is_it)
      return line.substr(second + 1);
  }
  return "";
}

// Where `path` of a hierarchy is seen; "" if outside of what is mounted.
std::string seen_at(const Mount& mount, const std::string& path) {
  // "/..": we were put outside of our own cgroup namespace.
  if (path.starts_with("/.."))
    return "";
  if (path == mount.root)
    return mount.point;
  const std::string root = mount.root == "/" ? "" : mount.root;
  if (!path.starts_with(root + "/"))
    return "";
  return mount.point + path.substr(root.size());
}

struct Found {
  std::string folder;  // "" = cannot be used
  std::string shown;   // the same, also where it can only be read
  std::string why_not;
};

// Our own group in the hierarchy of `controller` ("" = version 2).
Found find_own(const CgroupView& view, const std::vector<Mount>& mounts,
               const std::string& controller) {
  const bool wants_v2 = controller.empty();
  const std::string what = wants_v2 ? "cgroup v2" : "the cgroup v1 of \"" + controller + "\"";
  Found found{"", "", what + " is not mounted"};
  const std::string path = own_path(view.self, controller);
  for (const Mount& mount : mounts) {
    if (mount.is_v2 != wants_v2 || (!wants_v2 && !lists(mount.options, ',', controller)))
      continue;
    const std::string folder = path.empty() ? "" : seen_at(mount, path);
    const auto kind = wants_v2 ? os::CgroupKind::v2 : os::CgroupKind::v1;
    if (folder.empty() || view.kind(folder) != kind) {
      found.why_not = what + " does not show berth's own group";
    } else if (!os::may_change_group(folder)) {
      found.shown = folder;
      found.why_not = folder + " is not writable";
    } else {
      return {folder, folder, ""};
    }
  }
  return found;
}

}  // namespace

CgroupView own_cgroup_view() {
  CgroupView view;
  if (auto mounts = os::read_file("/proc/self/mountinfo", kMostText))
    view.mounts = *std::move(mounts);
  if (auto self = os::read_file("/proc/self/cgroup", kMostText))
    view.self = *std::move(self);
  return view;
}

Bytes container_memory(const CgroupLayout& layout) {
  Bytes most{os::memory_total_bytes()};
  const auto cap = [&most](std::optional<std::uint64_t> limit) {
    if (limit && *limit < most.count)
      most.count = *limit;
  };
  if (layout.own_memory.empty())
    return most;
  if (!layout.own_memory_is_v2) {
    const auto stat = os::read_group_table(layout.own_memory + "/memory.stat");
    if (const auto limit = stat.find("hierarchical_memory_limit"); limit != stat.end())
      cap(limit->second);
    return most;
  }
  for (std::string group = layout.own_memory; os::exists(group + "/cgroup.procs");
       group.erase(group.rfind('/')))
    cap(os::read_group_number(group + "/memory.max"));
  return most;
}

CgroupLayout find_cgroups(const CgroupView& view) {
  const std::vector<Mount> mounts = mounts_in(view.mounts);
  CgroupLayout layout;
  const Found v2 = find_own(view, mounts, "");
  layout.v2 = v2.folder;
  std::string controllers;
  if (!layout.v2.empty())
    controllers = os::read_group_file(layout.v2 + "/cgroup.controllers").value_or("");
  std::replace(controllers.begin(), controllers.end(), '\n', ' ');
  const auto look = [&](const std::string& controller, const std::string& file, bool& in_v2,
                        std::string& in_v1, std::string& why_not) {
    in_v2 = lists(controllers, ' ', controller);
    if (in_v2)
      return;
    Found v1 = find_own(view, mounts, controller);
    if (!v1.folder.empty() && !os::exists(v1.folder + "/" + file))
      v1 = {"", "", v1.folder + "/" + file + " is missing"};
    in_v1 = v1.folder;
    if (!in_v1.empty())
      return;
    const std::string no_v2 =
        layout.v2.empty() ? v2.why_not : "cgroup v2 has no controller \"" + controller + "\" here";
    why_not = no_v2 + ", " + v1.why_not;
  };
  look("memory", "memory.limit_in_bytes", layout.v2_memory, layout.v1_memory, layout.why_no_memory);
  layout.own_memory_is_v2 = os::exists(v2.shown + "/memory.events");
  layout.own_memory = layout.own_memory_is_v2 ? v2.shown : find_own(view, mounts, "memory").shown;
  // The root group of pids has no pids.max, but the groups below it do.
  look("pids", "cgroup.procs", layout.v2_pids, layout.v1_pids, layout.why_no_pids);
  look("cpu", "cpu.shares", layout.v2_cpu, layout.v1_cpu, layout.why_no_cpu);
  return layout;
}

}  // namespace berth
