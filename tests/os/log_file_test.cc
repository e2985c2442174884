// LogFile on a real file system.
#include "init/os/log_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace berth::os {
namespace {

class LogFileTest : public testing::Test {
 protected:
  LogFileTest() {
    char folder[] = "/tmp/berth-log-file-XXXXXX";
    folder_ = ::mkdtemp(folder);
    path_ = folder_ + "/sub/x.log";
  }
  ~LogFileTest() override { std::filesystem::remove_all(folder_); }

  static std::string content(const std::string& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static std::string why(const Result<void>& result) {
    return result ? "" : result.error().message;
  }

  std::string folder_, path_;
};

TEST_F(LogFileTest, MakesWhatIsMissingAndAppends) {
  LogFile file(path_);
  EXPECT_EQ("", why(file.append("one\n", 0, 0)));
  EXPECT_EQ("", why(LogFile(path_).append("two\n", 0, 0)));

  EXPECT_EQ("one\ntwo\n", content(path_));
  struct stat status {};
  ASSERT_EQ(0, ::stat(path_.c_str(), &status));
  EXPECT_EQ(0640, status.st_mode & 07777);
}

TEST_F(LogFileTest, RotatesBeforeItGrowsTooLargeAndKeepsSoMany) {
  LogFile file(path_);
  for (const char* line : {"1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"})
    EXPECT_EQ("", why(file.append(line, 4, 2)));

  EXPECT_EQ("7\n", content(path_));
  EXPECT_EQ("5\n6\n", content(path_ + ".1"));
  EXPECT_EQ("3\n4\n", content(path_ + ".2"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
}

TEST_F(LogFileTest, BeginsAnewWhereNothingIsKept) {
  LogFile file(path_);
  for (const char* line : {"1\n", "2\n", "3\n"})
    EXPECT_EQ("", why(file.append(line, 4, 0)));

  EXPECT_EQ("3\n", content(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".1"));
}

TEST_F(LogFileTest, KeepsOwnerAndModeOverARotation) {
  LogFile file(path_);
  EXPECT_EQ("", why(file.append("1\n", 2, 1)));
  ASSERT_EQ(0, ::chmod(path_.c_str(), 0604));
  ASSERT_EQ(0, ::chown(path_.c_str(), 33, 33));
  EXPECT_EQ("", why(file.append("2\n", 2, 1)));

  struct stat status {};
  ASSERT_EQ(0, ::stat(path_.c_str(), &status));
  EXPECT_EQ(0604, status.st_mode & 07777);
  EXPECT_EQ(33, status.st_uid);
  EXPECT_EQ("2\n", content(path_));
}

TEST_F(LogFileTest, NoticesThatSomebodyElseHasRotatedIt) {
  LogFile file(path_);
  EXPECT_EQ("", why(file.append("1\n", 0, 0)));
  std::filesystem::rename(path_, path_ + ".old");
  EXPECT_EQ("", why(file.append("2\n", 0, 0)));

  EXPECT_EQ("1\n", content(path_ + ".old"));
  EXPECT_EQ("2\n", content(path_));
}

TEST_F(LogFileTest, FollowsNoLinkAndSharesNoFile) {
  std::filesystem::create_directory(folder_ + "/sub");
  std::ofstream(folder_ + "/victim") << "precious";

  std::filesystem::create_symlink(folder_ + "/victim", path_);
  EXPECT_EQ(path_ + " is no regular file", why(LogFile(path_).append("x\n", 0, 0)));
  std::filesystem::remove(path_);
  std::filesystem::create_hard_link(folder_ + "/victim", path_);
  EXPECT_EQ(path_ + " has several names", why(LogFile(path_).append("x\n", 0, 0)));
  std::filesystem::create_directory_symlink(folder_ + "/sub", folder_ + "/link");
  EXPECT_EQ("open directory " + folder_ + "/link: " + folder_ + "/link is a symbolic link",
            why(LogFile(folder_ + "/link/y.log").append("x\n", 0, 0)));
  ASSERT_EQ(0, ::mkfifo((folder_ + "/fifo").c_str(), 0600));
  EXPECT_EQ(folder_ + "/fifo is no regular file",
            why(LogFile(folder_ + "/fifo").append("x\n", 0, 0)));

  EXPECT_EQ("precious", content(folder_ + "/victim"));
}

}  // namespace
}  // namespace berth::os
