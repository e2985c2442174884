// The helper that reads and makes files for a unit: directories, credentials, variables. What it
// reads goes from here into the unit's processes; PID 1 never holds it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/helper_mode.h"
#include "init/helper_names.h"
#include "init/os/files.h"
#include "init/os/private_files.h"
#include "init/os/safe_folder.h"
#include "units/env_file.h"
#include "units/expansion.h"

namespace berth::helper {
namespace {

constexpr std::size_t kKib = 1024;
constexpr std::size_t kMostOfFile = 256 * kKib;
constexpr std::size_t kMostOfSecret = 64 * kKib;
constexpr std::size_t kMostOfCredential = 1024 * kKib;
constexpr std::size_t kMostOfAll = 1024 * kKib;
/// The kernel takes no longer string (man 2 execve, MAX_ARG_STRLEN), its zero byte included.
constexpr std::size_t kMostOfVariable = 128 * kKib;

std::optional<uid_t> id_of(const std::string& text) {
  return text.empty() ? std::nullopt : parse_number<uid_t>(text);
}

Result<os::FolderWish> wish_of(const std::string* words) {
  os::FolderWish wish;
  wish.path = words[0];
  if (!words[1].empty()) {
    const Identity owner = BERTH_TRY(find_user_anywhere(words[1]));
    wish.uid = owner.uid;
    wish.gid = owner.gid;
  }
  if (!words[2].empty())
    wish.gid = BERTH_TRY(find_group_anywhere(words[2]));
  const auto bits = parse_number<mode_t>(words[3], kOctal);
  if (!bits.has_value() || *bits > (S_ISUID | S_ISGID | S_ISVTX | ACCESSPERMS))
    return Error{ErrorCode::invalid, "mode \"" + words[3] + "\": not an octal mode"};
  wish.mode = *bits;
  wish.recursive = words[4] == "recursive";
  return wish;
}

/// Takes the words of the command line one kind after the other.
class Preparation {
 public:
  Result<void> directory(const std::string* words);
  Result<void> credentials(const std::string* words);
  Result<void> credential(const std::string* words);
  Result<void> file(const std::string* words) { return read_file(words[0], false); }
  Result<void> optional_file(const std::string* words) { return read_file(words[0], true); }
  Result<void> secrets(const std::string* words);
  Result<void> required(const std::string* words);
  /// After the last word.
  Result<void> finish() const;

 private:
  Result<void> read_file(const std::string& path, bool may_be_missing);
  Result<void> set(const std::string& name, const std::string& value, const std::string& from);
  Result<void> write_variables() const;

  std::optional<os::PrivateFolder> folder_;
  std::optional<uid_t> uid_, gid_;
  std::map<std::string, std::string> variables_;
  std::string missing_;
};

Result<void> Preparation::directory(const std::string* words) {
  Result<os::FolderWish> wish = wish_of(words);
  if (!wish)
    return Error{wish.error().code, "make directory " + words[0] + ": " + wish.error().message};
  const std::size_t left_alone = BERTH_TRY(os::make_folder_safely(*wish));
  if (left_alone > 0)
    complain("directory " + words[0] + ": " + std::to_string(left_alone) +
                 " entries keep their owner: devices, or files with several links",
             kYes);
  return {};
}

Result<void> Preparation::credentials(const std::string* words) {
  folder_ = BERTH_TRY(os::PrivateFolder::make(words[0]));
  uid_ = id_of(words[1]);
  gid_ = id_of(words[2]);
  return {};
}

Result<void> Preparation::credential(const std::string* words) {
  if (!folder_)
    return Error{ErrorCode::invalid, "prepare: no credentials folder"};
  const auto content = os::read_file(words[1], kMostOfCredential);
  if (!content)
    return Error{content.error().code, "credentials: " + content.error().message};
  return folder_->add(words[0], *content, uid_, gid_);
}

Result<void> Preparation::read_file(const std::string& path, bool may_be_missing) {
  const auto text = os::read_trusted_file(path, kMostOfFile, ::geteuid());
  if (!text && may_be_missing && text.error().os_errno == ENOENT)
    return {};
  if (!text)
    return Error{text.error().code, "env_file: " + text.error().message};
  for (const auto& [name, value] : BERTH_TRY(parse_env_file(*text, path)))
    BERTH_TRY(set(name, value, path));
  return {};
}

Result<void> Preparation::secrets(const std::string* words) {
  const std::string& folder = words[0];
  const std::string attempt = "secrets: ";
  // A mounted volume of secrets is often writable by its mode, but not by anybody.
  const bool read_only = os::is_on_read_only_mount(folder);
  const auto trusted = read_only ? Result<void>() : os::check_trusted_folder(folder, ::geteuid());
  if (!trusted)
    return Error{trusted.error().code, attempt + trusted.error().message};
  const auto names = os::list_folder(folder);
  if (!names)
    return Error{names.error().code, attempt + names.error().message};
  for (const std::string& name : *names) {
    if (name.starts_with('.'))
      continue;
    const std::string path = folder + "/" + name;
    if (!is_variable_name(name))
      return Error{ErrorCode::invalid, attempt + path + ": \"" + name + "\" is no variable's name"};
    auto value = read_only ? os::read_file(path, kMostOfSecret)
                           : os::read_trusted_file(path, kMostOfSecret, ::geteuid());
    if (!value)
      return Error{value.error().code, attempt + value.error().message};
    if (value->ends_with('\n'))
      value->pop_back();
    if (value->find('\0') != std::string::npos)
      return Error{ErrorCode::invalid, attempt + path + ": holds a zero byte"};
    BERTH_TRY(set(name, *value, path));
  }
  return {};
}

Result<void> Preparation::required(const std::string* words) {
  if (variables_.count(words[0]) == 0)
    missing_ += (missing_.empty() ? "" : ", ") + words[0];
  return {};
}

Result<void> Preparation::set(const std::string& name, const std::string& value,
                              const std::string& from) {
  if (name.size() + value.size() + 2 > kMostOfVariable)
    return Error{ErrorCode::invalid, from + ": " + name + " is longer than " +
                                         std::to_string(kMostOfVariable) + " bytes"};
  variables_[name] = value;
  return {};
}

Result<void> Preparation::finish() const {
  if (!missing_.empty())
    return Error{ErrorCode::not_found, "required_env: not set: " + missing_};
  if (folder_)
    BERTH_TRY(folder_->hand_over(uid_, gid_));
  return write_variables();
}

Result<void> Preparation::write_variables() const {
  std::size_t size = 0;
  for (const auto& [name, value] : variables_)
    size += name.size() + value.size() + 2;
  if (size > kMostOfAll)
    return Error{ErrorCode::invalid,
                 "env_file and secrets: more than " + std::to_string(kMostOfAll) + " bytes"};
  for (const auto& [name, value] : variables_)
    if (std::fprintf(stdout, "%s=%s%c", name.c_str(), value.c_str(), '\0') < 0)
      return Error{ErrorCode::system, "env_file and secrets cannot be passed on"};
  if (std::fflush(stdout) != 0)
    return Error{ErrorCode::system, "env_file and secrets cannot be passed on"};
  return {};
}

struct Word {
  std::string_view kind;
  std::size_t count;  ///< of words after it
  Result<void> (Preparation::*take)(const std::string* words);
};
constexpr std::array<Word, 7> kWords = {{
    {"directory", 5, &Preparation::directory},
    {"credentials", 3, &Preparation::credentials},
    {"credential", 2, &Preparation::credential},
    {"file", 1, &Preparation::file},
    {"optional-file", 1, &Preparation::optional_file},
    {"secrets", 1, &Preparation::secrets},
    {"required", 1, &Preparation::required},
}};

}  // namespace

int prepare(const Arguments& arguments) {
  os::hide_memory();
  ::umask(S_IWGRP | S_IWOTH);
  Preparation preparation;
  for (std::size_t i = 0; i < arguments.size();) {
    const auto* const word = std::find_if(
        kWords.begin(), kWords.end(), [&](const Word& each) { return each.kind == arguments[i]; });
    if (word == kWords.end() || arguments.size() - i <= word->count)
      return complain("prepare: \"" + arguments[i] + "\" is unknown or lacks words", kUsage);
    if (const auto taken = (preparation.*word->take)(&arguments[i] + 1); !taken)
      return complain(taken.error().message, kNo);
    i += word->count + 1;
  }
  if (const auto finished = preparation.finish(); !finished)
    return complain(finished.error().message, kNo);
  return kYes;
}

}  // namespace berth::helper
