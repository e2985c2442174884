// One berth a run dir.
#include "init/run_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/init/temp_folder.h"

namespace berth {
namespace {

TEST(RunDir, IsMadeWithAFolderForUnits) {
  const TempFolder folder;
  const std::string run_dir = folder.path("run");

  const auto lock = claim_run_dir(run_dir);

  ASSERT_TRUE(lock) << lock.error().message;
  struct stat status {};
  ASSERT_EQ(0, ::stat((run_dir + "/units").c_str(), &status));
  EXPECT_EQ(S_IFDIR | 0755U, status.st_mode);
  EXPECT_EQ(std::to_string(::getpid()), *os::read_file(run_dir + "/lock", 32));
}

// A volume that a container runtime has mounted for a user without rights belongs to root.
TEST(RunDir, OfSomebodyElseWillDoIfItCanBeWritten) {
  const TempFolder folder;
  ::chmod(folder.path().c_str(), 01777);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_other = ::setresuid(65534, 65534, 65534) == 0;
    ::_exit(is_other && claim_run_dir(folder.path()) ? 0 : 1);
  }
  int status = -1;

  ::waitpid(child, &status, 0);

  EXPECT_EQ(0, status);
}

TEST(RunDir, OfALiveBerthIsRefusedWithItsPid) {
  const TempFolder folder;
  const auto lock = claim_run_dir(folder.path());
  ASSERT_TRUE(lock);

  const auto second = claim_run_dir(folder.path());

  ASSERT_FALSE(second);
  EXPECT_EQ(ErrorCode::exists, second.error().code);
  EXPECT_EQ(folder.path() + " is in use by another berth, pid " + std::to_string(::getpid()) +
                ": give this one a --run-dir of its own",
            second.error().message);
}

TEST(RunDir, IsFreeAgainWhenItsBerthHasEnded) {
  const TempFolder folder;
  {
    const auto lock = claim_run_dir(folder.path());
    ASSERT_TRUE(lock);
  }

  EXPECT_TRUE(claim_run_dir(folder.path()));
}

TEST(RunDir, WhoseLockIsALinkIsRefused) {
  const TempFolder folder;
  folder.write("elsewhere", "precious");
  ASSERT_EQ(0, ::symlink(folder.path("elsewhere").c_str(), folder.path("lock").c_str()));

  const auto lock = claim_run_dir(folder.path());

  ASSERT_FALSE(lock);
  EXPECT_EQ("open " + folder.path("lock") + ": Too many levels of symbolic links",
            lock.error().message);
  EXPECT_EQ("precious", *os::read_file(folder.path("elsewhere"), 32));
}

}  // namespace
}  // namespace berth
