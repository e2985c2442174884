// Which cgroups may be used, in trees of folders that look like those of machines and containers.
#include "init/cgroup_layout.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/init/temp_folder.h"

namespace berth {
namespace {

class CgroupLayoutTest : public testing::Test {
 protected:
  // A group with these files; the one for entering it among them.
  void group(const std::string& name, std::initializer_list<const char*> files) {
    std::string path = root_.path();
    for (std::size_t begin = 0; begin < name.size();) {
      const std::size_t end = std::min(name.find('/', begin), name.size());
      path += "/" + name.substr(begin, end - begin);
      ::mkdir(path.c_str(), 0755);
      begin = end + 1;
    }
    root_.write(name + "/cgroup.procs", "");
    for (const char* file : files)
      root_.write(name + "/" + file, "");
  }
  // seen: the part of the hierarchy that the mount shows.
  void mount(const std::string& name, const std::string& seen, const std::string& type,
             const std::string& options) {
    mounts_ += "30 23 0:26 " + seen + " " + root_.path(name) + " rw,nosuid shared:9 - " + type +
               " cgroup rw," + options + "\n";
  }
  CgroupLayout find(const std::string& self) {
    CgroupView view{mounts_, self, [this](const std::string& path) {
                      if (path.starts_with(root_.path("v2")))
                        return os::CgroupKind::v2;
                      return path.starts_with(root_.path("tmpfs")) ? os::CgroupKind::none
                                                                   : os::CgroupKind::v1;
                    }};
    return find_cgroups(view);
  }

  TempFolder root_;
  std::string mounts_;
};

TEST_F(CgroupLayoutTest, TakesTheOwnGroupOfVersionTwo) {
  group("v2/box", {"memory.events"});
  root_.write("v2/box/cgroup.controllers", "cpuset cpu io memory pids\n");
  mount("v2", "/", "cgroup2", "nsdelegate");

  const CgroupLayout layout = find("0::/box\n");

  EXPECT_EQ(layout.v2, root_.path("v2/box"));
  EXPECT_TRUE(layout.v2_memory && layout.v2_pids && layout.v2_cpu);
  EXPECT_EQ(layout.v1_memory, "");
  EXPECT_EQ(layout.own_memory, root_.path("v2/box"));
}

TEST_F(CgroupLayoutTest, TakesVersionOneWhereVersionTwoHasNoController) {
  group("v2", {"cgroup.controllers"});
  group("memory/box/one", {"memory.limit_in_bytes"});
  group("pids", {});
  group("cpu,cpuacct", {"cpu.shares"});
  mount("v2", "/", "cgroup2", "");
  mount("memory", "/", "cgroup", "memory");
  mount("pids", "/", "cgroup", "pids");
  mount("cpu,cpuacct", "/", "cgroup", "cpu,cpuacct");

  const CgroupLayout layout = find("4:memory:/box/one\n3:pids:/\n2:cpu,cpuacct:/\n0::/\n");

  EXPECT_EQ(layout.v2, root_.path("v2"));
  EXPECT_FALSE(layout.v2_memory);
  EXPECT_EQ(layout.v1_memory, root_.path("memory/box/one"));
  EXPECT_EQ(layout.v1_pids, root_.path("pids"));
  EXPECT_EQ(layout.v1_cpu, root_.path("cpu,cpuacct"));
}

TEST_F(CgroupLayoutTest, FindsTheGroupThatAMountShowsAsItsRoot) {
  group("memory", {"memory.limit_in_bytes"});
  mount("memory", "/docker/4711", "cgroup", "memory");

  EXPECT_EQ(find("4:memory:/docker/4711\n").v1_memory, root_.path("memory"));
  EXPECT_EQ(find("4:memory:/docker/47112\n").v1_memory, "");
}

TEST_F(CgroupLayoutTest, IsNotDeceivedByAnotherFileSystem) {
  group("tmpfs", {"memory.limit_in_bytes"});
  mount("tmpfs", "/", "cgroup", "memory");

  const CgroupLayout layout = find("4:memory:/\n");

  EXPECT_FALSE(layout.has_memory());
  EXPECT_EQ(
      layout.why_no_memory,
      "cgroup v2 is not mounted, the cgroup v1 of \"memory\" does not show berth's own group");
}

TEST_F(CgroupLayoutTest, TellsOfAGroupThatCanOnlyBeRead) {
  // Without the file that processes enter by: access(2) says no to root, too.
  ::mkdir(root_.path("v2").c_str(), 0755);
  root_.write("v2/cgroup.controllers", "memory pids cpu\n");
  root_.write("v2/memory.events", "oom_kill 0\n");
  mount("v2", "/", "cgroup2", "");

  const CgroupLayout layout = find("0::/\n");

  EXPECT_FALSE(layout.has_memory());
  EXPECT_EQ(layout.why_no_memory,
            root_.path("v2") + " is not writable, the cgroup v1 of \"memory\" is not mounted");
  EXPECT_EQ(layout.own_memory, root_.path("v2"));
}

TEST_F(CgroupLayoutTest, HasNothingOutsideOfItsOwnNamespace) {
  group("v2", {"cgroup.controllers"});
  mount("v2", "/", "cgroup2", "");

  EXPECT_EQ(find("0::/../other\n").v2, "");
}

TEST_F(CgroupLayoutTest, KnowsWhatTheContainerMayUse) {
  group("v2/box", {});
  group("v2/box/berth", {});
  root_.write("v2/box/memory.max", "1048576\n");
  root_.write("v2/box/berth/memory.max", "max\n");
  CgroupLayout layout;
  layout.own_memory = root_.path("v2/box/berth");
  layout.own_memory_is_v2 = true;

  EXPECT_EQ(container_memory(layout), Bytes{1048576});
}

}  // namespace
}  // namespace berth
