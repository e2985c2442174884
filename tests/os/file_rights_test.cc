// What a process can still change that has given it up. In children: it cannot be taken back.
#include "init/os/file_rights.h"

#include <cerrno>
#include <filesystem>
#include <functional>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace berth::os {
namespace {

class FileRights : public testing::Test {
 protected:
  FileRights() {
    char name[] = "/tmp/berth-file-rights-XXXXXX";
    root_ = ::mkdtemp(name);
    std::filesystem::create_directory(root_ / "log");
    ::close(::open((root_ / "old").c_str(), O_CREAT | O_WRONLY, 0644));
  }
  ~FileRights() override { std::filesystem::remove_all(root_); }

  /// The errno of `call` in a child that may change nothing but `folder`; 0 = it succeeded.
  static int errno_of(const std::string& folder, const std::function<bool()>& call) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      if (!give_up_changing_files(folder))
        ::_exit(255);
      errno = 0;
      ::_exit(call() ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static bool opens(const std::filesystem::path& path, int flags) {
    return ::open(path.c_str(), flags, 0644) >= 0;
  }

  std::filesystem::path root_;
};

TEST_F(FileRights, ReadsButChangesNothing) {
  EXPECT_EQ(0, errno_of("", [this] { return opens(root_ / "old", O_RDONLY); }));
  EXPECT_EQ(EACCES, errno_of("", [this] { return opens(root_ / "old", O_WRONLY); }));
  EXPECT_EQ(EACCES, errno_of("", [this] { return opens(root_ / "new", O_WRONLY | O_CREAT); }));
  EXPECT_EQ(EACCES, errno_of("", [this] { return ::unlink((root_ / "old").c_str()) == 0; }));
  EXPECT_EQ(EACCES, errno_of("", [this] { return ::mkdir((root_ / "new").c_str(), 0755) == 0; }));
}

TEST_F(FileRights, ChangesWhatIsBelowTheFolder) {
  const std::string log = root_ / "log";
  EXPECT_EQ(0, errno_of(log, [&] { return opens(log + "/a", O_WRONLY | O_CREAT | O_APPEND); }));
  EXPECT_EQ(EACCES, errno_of(log, [this] { return opens(root_ / "old", O_WRONLY); }));
}

TEST_F(FileRights, GivesUpAllWhereTheFolderIsMissing) {
  EXPECT_EQ(EACCES, errno_of(root_ / "none", [this] { return opens(root_ / "old", O_WRONLY); }));
}

}  // namespace
}  // namespace berth::os
