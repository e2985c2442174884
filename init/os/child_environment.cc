// Only bare system calls: mmap(2) is no function of signal-safety(7), but takes no lock either.
#include "init/os/child_environment.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/mman.h>
#include <sys/stat.h>

namespace berth::os {
namespace {

bool have_one_name(const char* a, const char* b) {
  for (; *a == *b && *a != '\0' && *a != '='; ++a, ++b) {
  }
  return *a == '=' && *b == '=';
}

bool has_name_of(std::span<char* const> variables, const char* wanted) {
  return std::any_of(variables.begin(), variables.end(),
                     [wanted](const char* each) { return have_one_name(each, wanted); });
}

char** room_for(std::size_t pointers) {
  void* const room = ::mmap(nullptr, pointers * sizeof(char*), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return room != MAP_FAILED ? static_cast<char**>(room) : nullptr;
}

}  // namespace

char** merge_environment(std::span<char* const> own, std::size_t fixed, BorrowedFd file) {
  struct stat status {};
  if (::fstat(file.raw(), &status) != 0)
    return nullptr;
  const auto size = static_cast<std::size_t>(status.st_size);
  char* text = nullptr;
  if (size > 0) {
    void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.raw(), 0);
    if (mapped == MAP_FAILED)
      return nullptr;
    text = static_cast<char*>(mapped);
    if (text[size - 1] != '\0') {
      errno = EINVAL;
      return nullptr;
    }
  }
  const auto count = static_cast<std::size_t>(std::count(text, text + size, '\0'));
  char** const merged = room_for(own.size() + count + 1);
  if (merged == nullptr)
    return nullptr;
  char** end = merged;
  for (char* variable = text; variable != text + size; variable += std::strlen(variable) + 1)
    if (!has_name_of(own.last(fixed), variable))
      *end++ = variable;
  const std::span<char* const> added(merged, end);
  for (char* const variable : own)
    if (!has_name_of(added, variable))
      *end++ = variable;
  *end = nullptr;
  return merged;
}

}  // namespace berth::os
