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

class FileRightsTest : public testing::Test {
 protected:
  FileRightsTest() {
    char name[] = "/tmp/berth-file-rights-XXXXXX";
    root_ = ::mkdtemp(name);
    std::filesystem::create_directory(root_ / "log");
    ::close(::open((root_ / "old").c_str(), O_CREAT | O_WRONLY, 0644));
  }
  ~FileRightsTest() override { std::filesystem::remove_all(root_); }

  /// The errno of `call` in a child that may change nothing but `folder`; 0 = it succeeded.
  static int errno_of(const std::string& folder, const std::function<bool()>& call) {
    return errno_with(FileRights{std::nullopt, folder}, call);
  }
  static int errno_with(const FileRights& rights, const std::function<bool()>& call) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      if (!keep_only(rights))
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

TEST_F(FileRightsTest, ReadsButChangesNothing) {
  EXPECT_EQ(0, errno_of("", [this] { return opens(root_ / "old", O_RDONLY); }));
  EXPECT_EQ(EACCES, errno_of("", [this] { return opens(root_ / "old", O_WRONLY); }));
  EXPECT_EQ(EACCES, errno_of("", [this] { return opens(root_ / "new", O_WRONLY | O_CREAT); }));
  EXPECT_EQ(EACCES, errno_of("", [this] { return ::unlink((root_ / "old").c_str()) == 0; }));
  EXPECT_EQ(EACCES, errno_of("", [this] { return ::mkdir((root_ / "new").c_str(), 0755) == 0; }));
}

TEST_F(FileRightsTest, ChangesWhatIsBelowTheFolder) {
  const std::string log = root_ / "log";
  EXPECT_EQ(0, errno_of(log, [&] { return opens(log + "/a", O_WRONLY | O_CREAT | O_APPEND); }));
  EXPECT_EQ(EACCES, errno_of(log, [this] { return opens(root_ / "old", O_WRONLY); }));
}

TEST_F(FileRightsTest, GivesUpAllWhereTheFolderIsMissing) {
  EXPECT_EQ(EACCES, errno_of(root_ / "none", [this] { return opens(root_ / "old", O_WRONLY); }));
}

TEST_F(FileRightsTest, ReadsOnlyWhatIsBelowTheFoldersThatItKeeps) {
  std::filesystem::create_directories(root_ / "log" / "deep");
  ::close(::open((root_ / "log" / "deep" / "a").c_str(), O_CREAT | O_WRONLY, 0644));
  ::close(::open((root_ / "alone").c_str(), O_CREAT | O_WRONLY, 0644));
  const FileRights rights{std::vector<std::string>{root_ / "log", root_ / "none", root_ / "alone"},
                          ""};

  EXPECT_EQ(0, errno_with(rights, [this] { return opens(root_ / "log/deep/a", O_RDONLY); }));
  EXPECT_EQ(0, errno_with(rights, [this] { return opens(root_ / "log", O_RDONLY | O_DIRECTORY); }));
  EXPECT_EQ(0, errno_with(rights, [this] { return opens(root_ / "alone", O_RDONLY); }));
  EXPECT_EQ(EACCES, errno_with(rights, [this] { return opens(root_ / "old", O_RDONLY); }));
  EXPECT_EQ(EACCES, errno_with(rights, [this] { return opens(root_, O_RDONLY | O_DIRECTORY); }));
  EXPECT_EQ(EACCES, errno_with(rights, [this] { return opens(root_ / "log/deep/a", O_WRONLY); }));
}

TEST_F(FileRightsTest, FindsThePlacesOfAFileAndWhereItsLinksLeadTo) {
  using Places = std::vector<std::string>;
  const std::string root = std::filesystem::canonical(root_);
  std::filesystem::create_directories(root_ / "releases" / "1" / "public");
  std::filesystem::create_symlink("releases/1", root_ / "current");
  std::filesystem::create_directories(root_ / "live");
  std::filesystem::create_symlink("../log/chain1.pem", root_ / "live" / "chain.pem");
  ::close(::open((root_ / "log" / "chain1.pem").c_str(), O_CREAT | O_WRONLY, 0644));

  EXPECT_EQ(Places{root}, places_of(root + "/old"));
  EXPECT_EQ(Places{root + "/log"}, places_of(root + "/./live/..//log/"));
  EXPECT_EQ((Places{root + "/releases", root + "/releases/1/public"}),
            places_of(root + "/current/public"));
  EXPECT_EQ((Places{root + "/live", root + "/log", root + "/log"}),
            places_of(root + "/live/chain.pem"));
  EXPECT_EQ(Places{root + "/log"}, places_of(root + "/log/none/htpasswd"));
  EXPECT_EQ(Places{}, places_of("/none-of-that-name"));
  EXPECT_EQ(Places{"/"}, places_of("/"));
}

}  // namespace
}  // namespace berth::os
