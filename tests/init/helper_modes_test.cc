// The helpers, each run in a forked process as berth re-executed would run it. Needs root.
#include "init/helper_modes.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "init/identity.h"
#include "init/os/files.h"
#include "init/os/private_files.h"
#include "init/os/socket.h"
#include "tests/os/spawned.h"
#include "units/wire.h"

namespace berth {
namespace {

struct Outcome {
  int status = -1;
  std::string output, errors;
};

void enter_helper(std::vector<std::string> arguments, const os::UniqueFd& output,
                  const os::UniqueFd& errors) {
  ::dup2(output.raw(), 1);
  ::dup2(errors.raw(), 2);
  arguments.insert(arguments.begin(), {"berth", "--helper"});
  std::vector<char*> argv;
  for (std::string& argument : arguments)
    argv.push_back(argument.data());
  const auto status = run_helper_mode(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  ::_exit(status.value_or(99));
}

Outcome run_helper(const std::vector<std::string>& arguments) {
  int output[2] = {-1, -1};
  int errors[2] = {-1, -1};
  EXPECT_EQ(::pipe2(output, O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(errors, O_CLOEXEC), 0);
  const os::UniqueFd output_end(output[0]), errors_end(errors[0]);
  os::UniqueFd output_writer(output[1]), errors_writer(errors[1]);
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0)
    enter_helper(arguments, output_writer, errors_writer);
  output_writer.reset();
  errors_writer.reset();
  Outcome outcome;
  outcome.output = os::read_to_end(output_end.borrow());
  outcome.errors = os::read_to_end(errors_end.borrow());
  int status = 0;
  ::waitpid(pid, &status, 0);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

TEST(HelperMode, IsNotTakenForOtherArguments) {
  std::string name = "berth", option = "--units";
  char* argv[] = {name.data(), option.data()};

  EXPECT_FALSE(run_helper_mode(2, argv).has_value());
  EXPECT_FALSE(run_helper_mode(1, argv).has_value());
}

TEST(HelperMode, RefusesAModeThatDoesNotExist) {
  const Outcome outcome = run_helper({"dance"});

  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.errors, "berth: no helper mode \"dance\"\n");
}

TEST(HelperPathIs, TellsWhetherAPathIsThere) {
  EXPECT_EQ(run_helper({"path-is", "there", "/proc/self"}).status, 0);
  EXPECT_EQ(run_helper({"path-is", "missing", "/proc/self"}).status, 1);
  EXPECT_EQ(run_helper({"path-is", "there", "/nowhere"}).status, 1);
  EXPECT_EQ(run_helper({"path-is", "missing", "/nowhere"}).status, 0);
  EXPECT_EQ(run_helper({"path-is", "missing", "/proc/self/status/x"}).status, 0);
}

TEST(HelperPathIs, SaysWhatItCannotLookAt) {
  const std::string long_name = "/" + std::string(300, 'x');
  const Outcome outcome = run_helper({"path-is", "there", long_name});

  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.errors, "look for " + long_name + ": File name too long\n");
  EXPECT_EQ(run_helper({"path-is", "here", "/"}).status, 2);
}

TEST(HelperMemory, TellsTheFiguresOfEachProcess) {
  const Outcome outcome = run_helper({"memory", std::to_string(::getpid())});

  std::istringstream words(outcome.output);
  long pid = 0, rss = 0, pss = 0, private_memory = 0, swap = -1;
  words >> pid >> rss >> pss >> private_memory >> swap;
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(pid, ::getpid());
  EXPECT_GT(private_memory, 0);
  EXPECT_GE(pss, private_memory);
  EXPECT_GE(rss, pss);
  EXPECT_GE(swap, 0);
}

TEST(HelperMemory, TellsTheResidentSetWhereItMayNotLookCloser) {
  const std::string pid = std::to_string(::getpid());
  const bool holds = os::holds_in_fork([&] {
    if (::setresuid(12345, 12345, 12345) != 0)
      return false;
    const std::string output = run_helper({"memory", pid}).output;
    return output.starts_with(pid + " ") && output.ends_with(" - - -\n");
  });

  EXPECT_TRUE(holds);
}

TEST(HelperMemory, PassesOverProcessesThatAreGone) {
  const Outcome outcome = run_helper({"memory", "1073741823"});

  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "");
}

TEST(HelperOwnsPort, KnowsWhoListens) {
  Address address;
  address.host = "127.0.0.1";
  const Result<os::UniqueFd> listener = os::listen_on(address);
  ASSERT_TRUE(listener);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ::getsockname(listener->raw(), reinterpret_cast<sockaddr*>(&name), &size);
  const std::string port = std::to_string(ntohs(name.sin_port));

  // The parent of this test does not hold the socket.
  EXPECT_EQ(run_helper({"owns-port", port, std::to_string(::getpid())}).status, 0);
  EXPECT_EQ(run_helper({"owns-port", port, "1", std::to_string(::getpid())}).status, 0);
  EXPECT_EQ(run_helper({"owns-port", port, std::to_string(::getppid())}).status, 1);
  EXPECT_EQ(run_helper({"owns-port", port}).status, 1);
  EXPECT_EQ(run_helper({"owns-port", "http"}).status, 2);
}

TEST(HelperNames, TellsThoseThatAreKnown) {
  const Outcome outcome =
      run_helper({"names", "user", "daemon", "user", "nobody-at-all", "group", "adm"});

  const auto found = wire::decode<FoundNames>(outcome.output);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->users.size(), 1U);
  EXPECT_EQ(found->users.at("daemon").uid, 1U);
  EXPECT_EQ(found->users.at("daemon").groups, (std::vector<gid_t>{1}));
  EXPECT_EQ(found->groups, (std::map<std::string, gid_t>{{"adm", 4}}));
  EXPECT_EQ(outcome.status, 0);
}

TEST(HelperNames, WantsAKindWithEachName) {
  const Outcome outcome = run_helper({"names", "daemon"});

  EXPECT_EQ(outcome.errors, "names: wants KIND NAME for each\n");
  EXPECT_EQ(outcome.status, 2);
}

class HelperDirectories : public testing::Test {
 protected:
  HelperDirectories() {
    char name[] = "/tmp/berth-helper-XXXXXX";
    top_ = ::mkdtemp(name);
  }
  ~HelperDirectories() override { os::run_to_end(os::image_of({"/bin/rm", "-rf", top_})); }
  static void write(const std::string& path, const std::string& text, mode_t mode) {
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0) << path;
  }
  static struct stat status_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
  }

  std::string top_;
};

TEST_F(HelperDirectories, AreMadeWithOwnerAndMode) {
  const Outcome outcome =
      run_helper({"prepare", "directory", top_ + "/a/b", "daemon", "adm", "02770", "alone",
                  "directory", top_ + "/c", "", "", "0711", "alone"});

  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(status_of(top_ + "/a").st_uid, 0U);
  EXPECT_EQ(status_of(top_ + "/a").st_mode & 07777, 0755U);
  EXPECT_EQ(status_of(top_ + "/a/b").st_uid, 1U);
  EXPECT_EQ(status_of(top_ + "/a/b").st_gid, 4U);
  EXPECT_EQ(status_of(top_ + "/a/b").st_mode & 07777, 02770U);
  EXPECT_EQ(status_of(top_ + "/c").st_mode & 07777, 0711U);
}

TEST_F(HelperDirectories, AreGivenAwayWhereTheyAreThereAlready) {
  ASSERT_EQ(::mkdir((top_ + "/a").c_str(), 0700), 0);

  const Outcome outcome =
      run_helper({"prepare", "directory", top_ + "/a/", "daemon", "", "0750", "alone"});

  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(status_of(top_ + "/a").st_uid, 1U);
  EXPECT_EQ(status_of(top_ + "/a").st_gid, 1U);
  EXPECT_EQ(status_of(top_ + "/a").st_mode & 07777, 0750U);
}

TEST_F(HelperDirectories, AreNeverReachedThroughASymbolicLink) {
  ASSERT_EQ(::mkdir((top_ + "/target").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("target", (top_ + "/link").c_str()), 0);

  const Outcome last =
      run_helper({"prepare", "directory", top_ + "/link", "daemon", "", "0755", "alone"});
  const Outcome above =
      run_helper({"prepare", "directory", top_ + "/link/a", "daemon", "", "0755", "alone"});

  EXPECT_EQ(last.status, 1);
  EXPECT_EQ(last.errors,
            "make directory " + top_ + "/link: " + top_ + "/link is a symbolic link\n");
  EXPECT_EQ(above.status, 1);
  EXPECT_EQ(above.errors,
            "make directory " + top_ + "/link/a: " + top_ + "/link is a symbolic link\n");
  EXPECT_EQ(status_of(top_ + "/target").st_uid, 0U);
}

TEST_F(HelperDirectories, TellWhatIsWrong) {
  EXPECT_EQ(run_helper({"prepare", "directory", top_ + "/../x", "", "", "0755", "alone"}).errors,
            "make directory " + top_ + "/../x: the path leads up again\n");
  EXPECT_EQ(run_helper({"prepare", "directory", "x", "", "", "0755", "alone"}).errors,
            "make directory x: the path is not absolute\n");
  EXPECT_EQ(run_helper({"prepare", "directory", top_ + "/x", "www", "", "0755", "alone"}).errors,
            "make directory " + top_ + "/x: user \"www\": no such user\n");
  EXPECT_EQ(run_helper({"prepare", "directory", top_ + "/x", "", "", "rwx", "alone"}).errors,
            "make directory " + top_ + "/x: mode \"rwx\": not an octal mode\n");
  EXPECT_EQ(run_helper({"prepare", "directory", "/proc/x", "", "", "0755", "alone"}).errors,
            "make directory /proc/x: /proc/x: No such file or directory\n");
  EXPECT_EQ(run_helper({"prepare", "directory", "/etc/passwd/x", "", "", "0755", "alone"}).errors,
            "make directory /etc/passwd/x: /etc/passwd: Not a directory\n");
}

TEST_F(HelperDirectories, AreGivenAwayWithAllThatIsInThem) {
  ASSERT_EQ(::mkdir((top_ + "/a").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((top_ + "/a/b").c_str(), 0750), 0);
  write(top_ + "/a/b/file", "x", 0640);
  write(top_ + "/secret", "x", 0600);
  ASSERT_EQ(::symlink("../secret", (top_ + "/a/soft").c_str()), 0);
  ASSERT_EQ(::link((top_ + "/secret").c_str(), (top_ + "/a/b/hard").c_str()), 0);
  ASSERT_EQ(::mknod((top_ + "/a/null").c_str(), S_IFCHR | 0600, makedev(1, 3)), 0);

  const Outcome outcome =
      run_helper({"prepare", "directory", top_ + "/a", "daemon", "adm", "0755", "recursive"});

  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.errors, "directory " + top_ +
                                "/a: 2 entries keep their owner: devices, or files with several "
                                "links\n");
  for (const char* given : {"/a", "/a/b", "/a/b/file"}) {
    EXPECT_EQ(status_of(top_ + given).st_uid, 1U) << given;
    EXPECT_EQ(status_of(top_ + given).st_gid, 4U) << given;
  }
  EXPECT_EQ(status_of(top_ + "/a/b").st_mode & 07777, 0750U);
  EXPECT_EQ(status_of(top_ + "/a/b/file").st_mode & 07777, 0640U);
  for (const char* kept : {"/secret", "/a/soft", "/a/null"})
    EXPECT_EQ(status_of(top_ + kept).st_uid, 0U) << kept;
}

TEST_F(HelperDirectories, DoNotLeaveTheFileSystem) {
  ASSERT_EQ(::mkdir((top_ + "/a").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((top_ + "/a/mount").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((top_ + "/other").c_str(), 0700), 0);
  const bool holds = os::holds_in_fork([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount((top_ + "/other").c_str(), (top_ + "/a/mount").c_str(), nullptr, MS_BIND,
                nullptr) != 0)
      return false;
    return run_helper({"prepare", "directory", top_ + "/a", "daemon", "", "0755", "recursive"})
               .status == 0;
  });

  EXPECT_TRUE(holds);
  EXPECT_EQ(status_of(top_ + "/a").st_uid, 1U);
  EXPECT_EQ(status_of(top_ + "/other").st_uid, 0U);
}

using HelperVariables = HelperDirectories;

TEST_F(HelperVariables, ComeFromFilesAndSecretsTheLatterWin) {
  write(top_ + "/a.env", "# one\nexport A='1 2'\nB=2\n", 0600);
  ASSERT_EQ(::mkdir((top_ + "/secrets").c_str(), 0700), 0);
  write(top_ + "/secrets/B", "hidden\n", 0400);
  write(top_ + "/secrets/KEY", "two\nlines\n\n", 0400);
  ASSERT_EQ(::symlink("KEY", (top_ + "/secrets/LINK").c_str()), 0);
  ASSERT_EQ(::mkdir((top_ + "/secrets/..data").c_str(), 0700), 0);

  const Outcome outcome =
      run_helper({"prepare", "file", top_ + "/a.env", "optional-file", top_ + "/missing", "secrets",
                  top_ + "/secrets", "required", "A", "required", "KEY"});

  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.output,
            std::string("A=1 2\0B=hidden\0KEY=two\nlines\n\0LINK=two\nlines\n\0", 46));
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(HelperVariables, TellWhatIsWrongAndNeverAValue) {
  write(top_ + "/bad.env", "A=1\nhunter2\n", 0600);
  write(top_ + "/open.env", "A=1\n", 0666);
  ASSERT_EQ(::mkdir((top_ + "/secrets").c_str(), 0700), 0);
  write(top_ + "/secrets/db-password", "hunter2", 0400);
  ASSERT_EQ(::mkdir((top_ + "/big").c_str(), 0700), 0);
  write(top_ + "/big/KEY", std::string(65537, 'x'), 0400);
  ASSERT_EQ(::mkdir((top_ + "/zero").c_str(), 0700), 0);
  write(top_ + "/zero/KEY", std::string("a\0b", 3), 0400);
  ASSERT_EQ(::mkdir((top_ + "/open").c_str(), 0700), 0);
  ASSERT_EQ(::chmod((top_ + "/open").c_str(), 01777), 0);

  const auto error = [&](const std::string& kind, const std::string& name) {
    const Outcome outcome = run_helper({"prepare", kind, kind == "required" ? name : top_ + name});
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.status, 1);
    return outcome.errors;
  };
  EXPECT_EQ(error("file", "/bad.env"),
            top_ + "/bad.env:2: a line must be NAME=value or a comment\n");
  EXPECT_EQ(error("file", "/missing"),
            "env_file: open " + top_ + "/missing: No such file or directory\n");
  EXPECT_EQ(error("optional-file", "/open.env"),
            "env_file: " + top_ + "/open.env: is writable by others: refused\n");
  EXPECT_EQ(error("secrets", "/secrets"), "secrets: " + top_ +
                                              "/secrets/db-password: \"db-password\" is no "
                                              "variable's name\n");
  EXPECT_EQ(error("secrets", "/big"), "secrets: " + top_ + "/big/KEY: larger than 65536 bytes\n");
  EXPECT_EQ(error("secrets", "/zero"), "secrets: " + top_ + "/zero/KEY: holds a zero byte\n");
  EXPECT_EQ(error("secrets", "/open"),
            "secrets: " + top_ + "/open: is writable by others: refused\n");
  EXPECT_EQ(error("secrets", "/none"),
            "secrets: stat " + top_ + "/none: No such file or directory\n");
  EXPECT_EQ(error("required", "KEY"), "required_env: not set: KEY\n");
}

TEST_F(HelperVariables, AreTakenFromAReadOnlyMountThatSeemsWritable) {
  ASSERT_EQ(::mkdir((top_ + "/secrets").c_str(), 0700), 0);
  const bool holds = os::holds_in_fork([&] {
    const std::string folder = top_ + "/secrets";
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.c_str(), "tmpfs", 0, "mode=1777") != 0)
      return false;
    write(folder + "/KEY", "value", 0644);
    if (::mount("none", folder.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
      return false;
    return run_helper({"prepare", "secrets", folder}).output == std::string("KEY=value\0", 10);
  });

  EXPECT_TRUE(holds);
}

TEST_F(HelperVariables, AreKeptOutOfProc) {
  write(top_ + "/a.env", "A=1\n", 0600);

  const bool holds = os::holds_in_fork([&] {
    std::vector<std::string> words = {"berth", "--helper", "prepare", "file", top_ + "/a.env"};
    std::vector<char*> argv;
    for (std::string& word : words)
      argv.push_back(word.data());
    const auto status = run_helper_mode(static_cast<int>(argv.size()), argv.data());
    return status == 0 && ::prctl(PR_GET_DUMPABLE) == 0;
  });

  EXPECT_TRUE(holds);
}

using HelperCredentials = HelperDirectories;

TEST_F(HelperCredentials, AreCopiedForOneUserAlone) {
  write(top_ + "/source", std::string("a\0b\n", 4), 0644);
  const std::vector<std::string> words = {"prepare",    "credentials", top_ + "/own",   "1", "4",
                                          "credential", "key",         top_ + "/source"};

  EXPECT_EQ(run_helper(words).errors, "");
  EXPECT_EQ(run_helper(words).errors, "") << "what an earlier life left is in the way";

  EXPECT_EQ(status_of(top_ + "/own").st_mode & 07777, 0500U);
  EXPECT_EQ(status_of(top_ + "/own").st_uid, 1U);
  EXPECT_EQ(status_of(top_ + "/own/key").st_mode & 07777, 0400U);
  EXPECT_EQ(status_of(top_ + "/own/key").st_uid, 1U);
  EXPECT_EQ(status_of(top_ + "/own/key").st_gid, 4U);
  EXPECT_EQ(status_of(top_ + "/own/key").st_size, 4);

  EXPECT_TRUE(os::remove_private_folder(top_ + "/own"));
  EXPECT_TRUE(os::remove_private_folder(top_ + "/own")) << "it is not there any more";
  EXPECT_FALSE(os::exists(top_ + "/own"));
}

TEST_F(HelperCredentials, TellWhatIsWrong) {
  const Outcome missing = run_helper(
      {"prepare", "credentials", top_ + "/own", "", "", "credential", "key", top_ + "/none"});

  EXPECT_EQ(missing.status, 1);
  EXPECT_EQ(missing.errors, "credentials: open " + top_ + "/none: No such file or directory\n");
  EXPECT_EQ(run_helper({"prepare", "credential", "key"}).errors,
            "prepare: \"credential\" is unknown or lacks words\n");
}

using HelperAutoUid = HelperDirectories;

std::string auto_answer(const std::string& file, const std::string& range_last,
                        const std::string& unit) {
  const Outcome outcome = run_helper({"names", "auto", file, "61000", range_last, unit});
  const auto found = wire::decode<FoundNames>(outcome.output);
  if (!found)
    return outcome.errors;
  return found->problem.empty() ? std::to_string(found->users.at("auto").uid) : found->problem;
}

TEST_F(HelperAutoUid, IsGivenOnceAndFoundAgain) {
  const std::string file = top_ + "/uids";

  EXPECT_EQ(auto_answer(file, "61001", "app@a"), "61000");
  EXPECT_EQ(auto_answer(file, "61001", "app@b"), "61001");
  EXPECT_EQ(auto_answer(file, "61001", "app@a"), "61000");
  EXPECT_EQ(auto_answer(file, "61001", "app@c"), "every uid of uid_range 61000-61001 is taken");
  EXPECT_EQ(*os::read_file(file, 1000), "61000 app@a\n61001 app@b\n");
}

TEST_F(HelperAutoUid, ForgetsALineThatWasNeverFinished) {
  const std::string file = top_ + "/uids";
  write(file, "61000 app@a\n61001 ap", 0644);

  EXPECT_EQ(auto_answer(file, "64999", "app@b"), "61001");
  EXPECT_EQ(*os::read_file(file, 1000), "61000 app@a\n61001 app@b\n");
}

TEST_F(HelperAutoUid, TrustsNoFileThatIsBrokenOrOpen) {
  const std::string file = top_ + "/uids";
  write(file, "61000 a\n61000 b\n", 0644);
  EXPECT_EQ(auto_answer(file, "64999", "a"), file + ":2: uid 61000 is there twice");

  write(file, "a 61000\n", 0644);
  EXPECT_EQ(auto_answer(file, "64999", "a"), file + ":1: must be \"UID UNIT\"");

  ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
  EXPECT_EQ(auto_answer(file, "64999", "a"), file + ": is writable by others: refused");
  EXPECT_EQ(auto_answer("", "64999", "a"), "there is no folder to keep its uid in");
}

TEST_F(HelperAutoUid, IsNobodysAlready) {
  // 1 is the user daemon, 2 bin; the groups 4 and 24 are there, too.
  const Outcome outcome = run_helper({"names", "auto", top_ + "/uids", "1", "2", "a"});

  EXPECT_EQ(wire::decode<FoundNames>(outcome.output)->problem,
            "every uid of uid_range 1-2 is taken");
}

}  // namespace
}  // namespace berth
