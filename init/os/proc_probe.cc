// Parsing smaps_rollup, net/tcp and fd.
#include "init/os/proc_probe.h"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <dirent.h>
#include <unistd.h>

#include "init/os/socket_diagnosis.h"

namespace berth::os {
namespace {

// include/net/tcp_states.h of the kernel.
constexpr unsigned kTcpListen = 0x0A;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

template <typename Visit>
bool for_each_line(const std::string& path, Visit visit) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (file == nullptr)
    return false;
  std::array<char, 512> line;  // lines of these files have at most 200 characters
  while (std::fgets(line.data(), line.size(), file.get()) != nullptr)
    visit(line.data());
  return true;
}

std::string proc_path(pid_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

void add_listening(const char* path, std::uint16_t port, std::vector<std::uint64_t>& inodes) {
  for_each_line(path, [&](const char* line) {
    unsigned local_port = 0;
    unsigned state = 0;
    std::uint64_t inode = 0;
    // sl local_address rem_address st queues timer retrnsmt uid timeout inode
    const int found =
        std::sscanf(line, "%*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*d %*d %" SCNu64,
                    &local_port, &state, &inode);
    if (found == 3 && state == kTcpListen && local_port == port)
      inodes.push_back(inode);
  });
}

}  // namespace

std::optional<MemoryFigures> read_memory(pid_t pid) {
  MemoryFigures figures;
  bool any = false;
  for_each_line(proc_path(pid, "smaps_rollup"), [&](const char* line) {
    std::array<char, 32> key;
    std::uint64_t kib = 0;
    if (std::sscanf(line, "%31[A-Za-z_]: %" SCNu64 " kB", key.data(), &kib) != 2)
      return;
    any = true;
    const std::string_view name = key.data();
    if (name == "Rss")
      figures.rss = kib;
    else if (name == "Pss")
      figures.pss = kib;
    else if (name == "Private_Clean" || name == "Private_Dirty")
      figures.private_memory += kib;
    else if (name == "Swap")
      figures.swap = kib;
  });
  return any ? std::optional(figures) : std::nullopt;
}

std::vector<std::uint64_t> listening_inodes(std::uint16_t port) {
  if (auto inodes = diagnose_listeners(port))
    return *std::move(inodes);
  std::vector<std::uint64_t> inodes;
  add_listening("/proc/net/tcp", port, inodes);
  add_listening("/proc/net/tcp6", port, inodes);
  return inodes;
}

std::vector<std::uint64_t> socket_inodes(pid_t pid) {
  std::vector<std::uint64_t> inodes;
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(proc_path(pid, "fd").c_str()));
  if (folder == nullptr)
    return inodes;
  while (const dirent* entry = ::readdir(folder.get())) {
    std::array<char, 64> target{};  // zeroed, one more than is read: terminated
    std::uint64_t inode = 0;
    if (::readlinkat(::dirfd(folder.get()), entry->d_name, target.data(), target.size() - 1) > 0 &&
        std::sscanf(target.data(), "socket:[%" SCNu64 "]", &inode) == 1)
      inodes.push_back(inode);
  }
  return inodes;
}

}  // namespace berth::os
