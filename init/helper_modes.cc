// The helpers.
#include "init/helper_modes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/identity.h"
#include "init/os/proc_fs.h"
#include "init/os/proc_probe.h"
#include "init/os/safe_folder.h"
#include "units/wire.h"

namespace berth {
namespace {

using Arguments = std::vector<std::string>;

constexpr unsigned kTimeLimitSeconds = 10;
constexpr int kYes = 0;
constexpr int kNo = 1;
constexpr int kUsage = 2;

constexpr std::uint64_t kBytesPerKib = 1024;
constexpr int kDecimal = 10;
constexpr int kOctal = 8;
constexpr std::size_t kWordsPerDirectory = 4;  // PATH USER GROUP MODE
constexpr std::size_t kWordsPerName = 2;       // KIND NAME

int complain(const std::string& message, int status) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return status;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = kDecimal) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || stopped != end)
    return std::nullopt;
  return number;
}

// --- memory

void print_memory(pid_t pid) {
  if (const auto figures = os::read_memory(pid); figures.has_value()) {
    std::printf("%d %llu %llu %llu %llu\n", pid, static_cast<unsigned long long>(figures->rss),
                static_cast<unsigned long long>(figures->pss),
                static_cast<unsigned long long>(figures->private_memory),
                static_cast<unsigned long long>(figures->swap));
  } else if (const auto rss = os::read_rss_bytes(pid); rss.has_value()) {
    std::printf("%d %llu - - -\n", pid, static_cast<unsigned long long>(*rss / kBytesPerKib));
  }
  // Each line goes out before the next process is looked at: that one may hang.
  std::fflush(stdout);
}

int memory(const Arguments& arguments) {
  for (const std::string& argument : arguments) {
    const auto pid = parse_number<pid_t>(argument);
    if (!pid.has_value())
      return complain("memory: " + argument + " is no process id", kUsage);
    print_memory(*pid);
  }
  return kYes;
}

// --- owns-port

bool holds_one_of(pid_t pid, const std::vector<std::uint64_t>& listening) {
  const std::vector<std::uint64_t> held = os::socket_inodes(pid);
  return std::any_of(held.begin(), held.end(), [&](std::uint64_t inode) {
    return std::find(listening.begin(), listening.end(), inode) != listening.end();
  });
}

int owns_port(const Arguments& arguments) {
  const auto port =
      arguments.empty() ? std::nullopt : parse_number<std::uint16_t>(arguments.front());
  if (!port.has_value())
    return complain("owns-port: PORT is missing or no number", kUsage);
  const std::vector<std::uint64_t> listening = os::listening_inodes(*port);
  const bool owned =
      std::any_of(arguments.begin() + 1, arguments.end(), [&](const std::string& text) {
        const auto pid = parse_number<pid_t>(text);
        return pid.has_value() && holds_one_of(*pid, listening);
      });
  return owned ? kYes : kNo;
}

// --- names

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
  if (arguments.size() % kWordsPerName != 0)
    return complain("names: wants KIND NAME for each", kUsage);
  FoundNames found;
  for (std::size_t i = 0; i < arguments.size(); i += kWordsPerName) {
    const std::string& name = arguments[i + 1];
    if (arguments[i] == "group") {
      if (const Result<gid_t> gid = find_group_anywhere(name))
        found.groups[name] = *gid;
    } else if (Result<Identity> user = find_user_anywhere(name)) {
      found.users[name] = *std::move(user);
    }
  }
  const std::string answer = wire::encode(found);
  const bool written = std::fwrite(answer.data(), 1, answer.size(), stdout) == answer.size();
  return written && std::fflush(stdout) == 0 ? kYes : kNo;
}

// --- directories

Result<os::FolderWish> wish_of(const std::string& path, const std::string& user,
                               const std::string& group, const std::string& mode) {
  os::FolderWish wish;
  wish.path = path;
  if (!user.empty()) {
    const Identity owner = BERTH_TRY(find_user_anywhere(user));
    wish.uid = owner.uid;
    wish.gid = owner.gid;
  }
  if (!group.empty())
    wish.gid = BERTH_TRY(find_group_anywhere(group));
  const auto bits = parse_number<mode_t>(mode, kOctal);
  if (!bits.has_value() || *bits > (S_ISUID | S_ISGID | S_ISVTX | ACCESSPERMS))
    return Error{ErrorCode::invalid, "mode \"" + mode + "\": not an octal mode"};
  wish.mode = *bits;
  return wish;
}

int directories(const Arguments& arguments) {
  if (arguments.size() % kWordsPerDirectory != 0)
    return complain("directories: wants PATH USER GROUP MODE for each", kUsage);
  ::umask(S_IWGRP | S_IWOTH);
  for (std::size_t i = 0; i < arguments.size(); i += kWordsPerDirectory) {
    const Result<os::FolderWish> wish =
        wish_of(arguments[i], arguments[i + 1], arguments[i + 2], arguments[i + 3]);
    if (!wish)
      return complain("make directory " + arguments[i] + ": " + wish.error().message, kNo);
    if (const Result<void> made = os::make_folder_safely(*wish); !made)
      return complain(made.error().message, kNo);
  }
  return kYes;
}

struct Mode {
  std::string_view name;
  int (*run)(const Arguments& arguments);
};
constexpr std::array<Mode, 4> kModes = {{
    {"memory", memory},
    {"owns-port", owns_port},
    {"directories", directories},
    {"names", names},
}};

}  // namespace

std::optional<int> run_helper_mode(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "--helper")
    return std::nullopt;
  ::alarm(kTimeLimitSeconds);
  const std::string_view name = argc > 2 ? argv[2] : "";
  const auto mode = std::find_if(kModes.begin(), kModes.end(),
                                 [name](const Mode& each) { return each.name == name; });
  if (mode == kModes.end())
    return complain("berth: no helper mode \"" + std::string(name) + "\"", kUsage);
  return mode->run(Arguments(argv + std::min(argc, 3), argv + argc));
}

}  // namespace berth
