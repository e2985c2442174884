// Preloading an allocator.
#include "init/allocator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "init/os/files.h"

namespace berth {
namespace {

struct Library {
  std::string_view key;
  std::string_view package;  // of Debian 12
  std::array<std::string_view, 4> files;
};
constexpr Library kJemalloc{
    "jemalloc", "libjemalloc2", {"libjemalloc.so.2", "libjemalloc.so", "libjemalloc.so.1", ""}};
constexpr Library kMimalloc{
    "mimalloc",
    "libmimalloc2.0",
    {"libmimalloc.so.2", "libmimalloc.so.2.0", "libmimalloc.so.3", "libmimalloc.so"}};

// As Debian's multiarch names this machine; "" where that is not known.
#if defined(__x86_64__)
constexpr std::string_view kTriplet = "x86_64-linux-gnu";
#elif defined(__aarch64__)
constexpr std::string_view kTriplet = "aarch64-linux-gnu";
#else
constexpr std::string_view kTriplet = "";
#endif

Result<std::string> find_library(const Library& library, const std::vector<std::string>& folders) {
  for (const std::string& folder : folders)
    for (const std::string_view file : library.files)
      if (const std::string path = folder + "/" + std::string(file);
          !file.empty() && os::exists(path))
        return path;
  std::string places;
  for (const std::string& folder : folders)
    places += (places.empty() ? "" : ", ") + folder;
  return Error{ErrorCode::not_found, "[memory] allocator \"" + std::string(library.key) +
                                         "\": no " + std::string(library.files.front()) + " in " +
                                         places + "; Debian's package is " +
                                         std::string(library.package)};
}

void append(std::string& list, std::string_view entry, char separator) {
  if (!list.empty() && !entry.empty())
    list += separator;
  list += entry;
}

// "purge_delay=0,eager_commit=1": a variable each.
void add_mimalloc_options(std::string_view conf, std::map<std::string, std::string>& environment) {
  while (!conf.empty()) {
    const std::string_view entry = conf.substr(0, conf.find(','));
    conf.remove_prefix(std::min(entry.size() + 1, conf.size()));
    const std::size_t equals = std::min(entry.find('='), entry.size());
    std::string name = "MIMALLOC_" + std::string(entry.substr(0, equals));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char each) { return static_cast<char>(std::toupper(each)); });
    environment.emplace(std::move(name), entry.substr(std::min(equals + 1, entry.size())));
  }
}

void add_jemalloc_options(const MemorySpec& memory,
                          std::map<std::string, std::string>& environment) {
  std::string conf = memory.arenas ? "narenas:" + std::to_string(*memory.arenas) : "";
  append(conf, memory.allocator_conf, ',');
  if (!conf.empty())
    environment.emplace("MALLOC_CONF", conf);
}

void add_system_options(const MemorySpec& memory, std::map<std::string, std::string>& environment) {
  if (memory.arenas)
    environment.emplace("MALLOC_ARENA_MAX", std::to_string(*memory.arenas));
  if (!memory.allocator_conf.empty())
    environment.emplace("GLIBC_TUNABLES", memory.allocator_conf);
}

}  // namespace

std::vector<std::string> library_folders() {
  std::vector<std::string> folders;
  for (const std::string root : {"/usr/local/lib", "/usr/lib", "/lib"}) {
    if (!kTriplet.empty())
      folders.push_back(root + "/" + std::string(kTriplet));
    folders.push_back(root);
  }
  folders.insert(folders.end(), {"/usr/lib64", "/lib64"});
  return folders;
}

Result<std::string> find_allocator(Allocator allocator, const std::vector<std::string>& folders) {
  return find_library(allocator == Allocator::jemalloc ? kJemalloc : kMimalloc, folders);
}

Result<void> add_allocator(const MemorySpec& memory,
                           const std::map<std::string, std::optional<std::string>>& own,
                           const std::vector<std::string>& folders,
                           std::map<std::string, std::string>& environment) {
  const Allocator allocator = memory.allocator.value_or(Allocator::system);
  if (memory.allocator)
    for (const char* inherited : {"LD_PRELOAD", "MALLOC_CONF"})
      if (own.count(inherited) == 0)
        environment.erase(inherited);
  if (allocator == Allocator::system) {
    add_system_options(memory, environment);
    return {};
  }
  std::string preload = BERTH_TRY(find_allocator(allocator, folders));
  append(preload, environment["LD_PRELOAD"], ':');
  environment["LD_PRELOAD"] = preload;
  if (allocator == Allocator::jemalloc)
    add_jemalloc_options(memory, environment);
  else
    add_mimalloc_options(memory.allocator_conf, environment);
  return {};
}

}  // namespace berth
