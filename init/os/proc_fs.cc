// Parsing /proc.
#include "init/os/proc_fs.h"

#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/fd.h"

namespace berth::os {
namespace {

// Everything that is read here is one page, but for the groups of status and the children lists.
constexpr std::size_t kChunk = 4096;
constexpr std::string_view kGroupsKey = "\nGroups:";

std::optional<std::string> read_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open())
    return std::nullopt;
  std::string text;
  for (;;) {
    const std::size_t size = text.size();
    text.resize(size + kChunk);
    const ssize_t got = ::read(file.raw(), text.data() + size, kChunk);
    text.resize(size + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)  // ESRCH: the process ended meanwhile
      return std::nullopt;
    if (got == 0)
      return text;
  }
}

std::string proc_path(pid_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

std::string_view next_word(std::string_view& text) {
  const std::size_t start = text.find_first_not_of(" \t\n");
  if (start == std::string_view::npos) {
    text = {};
    return {};
  }
  const std::size_t end = std::min(text.find_first_of(" \t\n", start), text.size());
  const std::string_view word = text.substr(start, end - start);
  text.remove_prefix(end);
  return word;
}

template <typename Number>
bool next_number(std::string_view& text, Number& number) {
  const std::string_view word = next_word(text);
  const char* const end = word.data() + word.size();
  const auto [stopped, error] = std::from_chars(word.data(), end, number);
  return error == std::errc{} && stopped == end;
}

template <typename Number>
std::vector<Number> all_numbers(std::string_view text) {
  std::vector<Number> numbers;
  for (Number number{}; next_number(text, number);)
    numbers.push_back(number);
  return numbers;
}

void skip_words(std::string_view& text, int count) {
  for (int i = 0; i < count; ++i)
    next_word(text);
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// The entries of a folder whose names are numbers.
std::vector<pid_t> numbers_in(const std::string& path) {
  std::vector<pid_t> numbers;
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (folder == nullptr)
    return numbers;
  while (const dirent* entry = ::readdir(folder.get())) {
    std::string_view name = entry->d_name;
    if (pid_t number = 0; next_number(name, number))
      numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::optional<ProcessStat> read_stat(pid_t pid) {
  const std::optional<std::string> text = read_file(proc_path(pid, "stat"));
  if (!text.has_value())
    return std::nullopt;
  // The name may hold anything, ')' and blanks included: what counts follows the last ')'.
  const std::size_t name_end = text->rfind(')');
  if (name_end == std::string::npos)
    return std::nullopt;
  std::string_view rest = std::string_view(*text).substr(name_end + 1);
  ProcessStat stat;
  stat.pid = pid;
  const std::string_view state = next_word(rest);
  if (state.size() != 1 || !next_number(rest, stat.parent) || !next_number(rest, stat.group) ||
      !next_number(rest, stat.session))
    return std::nullopt;
  stat.state = state.front();
  skip_words(rest, 13);  // man 5 proc: fields 7 to 19
  if (!next_number(rest, stat.threads))
    return std::nullopt;
  skip_words(rest, 1);
  if (!next_number(rest, stat.start_ticks))
    return std::nullopt;
  return stat;
}

std::vector<gid_t> read_groups(pid_t pid) {
  const std::optional<std::string> text = read_file(proc_path(pid, "status"));
  if (!text.has_value())
    return {};
  const std::size_t start = text->find(kGroupsKey);
  if (start == std::string::npos)
    return {};
  const std::size_t from = start + kGroupsKey.size();
  return all_numbers<gid_t>(std::string_view(*text).substr(from, text->find('\n', from) - from));
}

std::optional<std::uint64_t> read_rss_bytes(pid_t pid) {
  const std::optional<std::string> text = read_file(proc_path(pid, "statm"));
  if (!text.has_value())
    return std::nullopt;
  std::string_view rest = *text;
  skip_words(rest, 1);
  std::uint64_t pages = 0;
  if (!next_number(rest, pages))
    return std::nullopt;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::vector<pid_t> read_children(pid_t pid) {
  std::vector<pid_t> children;
  const std::string tasks = proc_path(pid, "task");
  for (const pid_t task : numbers_in(tasks)) {
    const auto text = read_file(tasks + "/" + std::to_string(task) + "/children");
    if (!text.has_value())
      continue;
    for (const pid_t child : all_numbers<pid_t>(*text))
      children.push_back(child);
  }
  return children;
}

Result<void> look_at_proc() {
  constexpr const char* kPath = "/proc/self/stat";
  const UniqueFd file(::open(kPath, O_RDONLY | O_CLOEXEC));
  if (!file.is_open())
    return errno_error(std::string("open ") + kPath);
  return {};
}

std::vector<pid_t> list_pids() {
  return numbers_in("/proc");
}

}  // namespace berth::os
