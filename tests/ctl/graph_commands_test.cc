// Plans, graphs and times, from graphs that a test makes: output whole.
#include "init/ctl/graph_commands.h"

#include <sstream>

#include <gtest/gtest.h>

namespace berth::ctl {
namespace {

class GraphCommands : public ::testing::Test {
 protected:
  /// Nodes come in the order of their names.
  GraphNode& add(const std::string& name, const std::string& kind, const std::string& state,
                 std::vector<BondTo> bonds = {}, const std::string& start = "boot") {
    GraphNode node;
    node.name = name;
    node.kind = kind;
    node.state = state;
    node.start = start;
    node.bonds = std::move(bonds);
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.back();
  }
  /// web wants cable, which requires redis; initialize comes before web; extra is of no interest.
  void add_site(const std::string& state) {
    add("cable", "service", state, {{"requires", "redis"}}, "stock");
    add("extra", "service", state, {}, "manual");
    add("initialize", "job", state, {{"before", "web"}});
    add("redis", "service", state, {}, "stock");
    add("web", "proxy", state, {{"wants", "cable"}, {"requires", "redis"}});
  }
  GraphNode& node(const std::string& name) {
    for (GraphNode& each : graph_.nodes)
      if (each.name == name)
        return each;
    ADD_FAILURE() << name;
    return graph_.nodes.front();
  }
  void set_times(const std::string& name, std::uint64_t queued, std::uint64_t begun,
                 std::uint64_t up) {
    GraphNode& each = node(name);
    each.queued_us = queued;
    each.begun_us = begun;
    each.up_us = up;
  }

  int run(const std::vector<std::string>& words) {
    const auto invocation = parse_command_line(words);
    EXPECT_TRUE(invocation) << invocation.error().message;
    const Output output{out_, err_, false, false, invocation->json, 0};
    return show_graph(*invocation, graph_, output);
  }

  UnitGraph graph_;
  std::ostringstream out_, err_;
};

TEST_F(GraphCommands, PlanOfTheBootHasRanksAndReasons) {
  add_site("");

  EXPECT_EQ(run({"plan"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "RANK  UNIT        WHAT    WHY\n"
            "   1  initialize  starts  starts at boot\n"
            "   1  redis       starts  required by cable, required by web\n"
            "   2  cable       starts  wanted by web\n"
            "   3  web         starts  starts at boot\n"
            "\n"
            "the boot would start 4 units in 3 ranks\n");
}

TEST_F(GraphCommands, PlanSaysWhatIsUpAlready) {
  add_site("inactive");
  node("redis").state = "running";

  EXPECT_EQ(run({"plan", "cable"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "RANK  UNIT   WHAT    WHY\n"
            "      redis  is up   required by cable\n"
            "   1  cable  starts  asked for\n"
            "\n"
            "a start of cable would start 1 unit in 1 rank\n");
}

TEST_F(GraphCommands, PlanRunsAJobAgainOnlyIfItIsAskedFor) {
  add("app", "service", "failed", {{"requires", "job"}});
  add("job", "job", "exited").succeeded = true;

  EXPECT_EQ(run({"--json", "plan", "app"}), kSuccess);
  EXPECT_EQ(run({"--json", "plan", "job"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "{\"unit\":\"app\",\"steps\":["
            "{\"unit\":\"job\",\"rank\":0,\"action\":\"done\",\"state\":\"exited\","
            "\"why\":[\"required by app\"]},"
            "{\"unit\":\"app\",\"rank\":1,\"action\":\"start\",\"state\":\"failed\","
            "\"why\":[\"asked for\"]}],\"stops\":[]}\n"
            "{\"unit\":\"job\",\"steps\":["
            "{\"unit\":\"job\",\"rank\":1,\"action\":\"start\",\"state\":\"exited\","
            "\"why\":[\"asked for\"]}],\"stops\":[]}\n");
}

TEST_F(GraphCommands, PlanCountsWhatIsUnderWayAsSomethingToWaitFor) {
  add_site("inactive");
  node("redis").state = "starting";

  EXPECT_EQ(run({"plan", "cable"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "RANK  UNIT   WHAT          WHY\n"
            "   1  redis  is under way  required by cable\n"
            "   2  cable  starts        asked for\n"
            "\n"
            "a start of cable would start 1 unit in 2 ranks\n");
}

TEST_F(GraphCommands, PlanStopsWhatConflictsAndWhatRequiresThat) {
  add("blue", "service", "running");
  add("green", "service", "inactive", {{"conflicts", "blue"}}, "manual");
  add("user", "service", "running", {{"requires", "blue"}});

  EXPECT_EQ(run({"plan", "green"}), kSuccess);
  EXPECT_EQ(run({"plan", "blue"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "RANK  UNIT   WHAT         WHY\n"
            "      blue   stops first  conflicts with green\n"
            "      user   stops first  goes with blue\n"
            "   1  green  starts       asked for\n"
            "\n"
            "a start of green would start 1 unit in 1 rank\n"
            "UNIT  WHAT   WHY\n"
            "blue  is up  asked for\n"
            "\n"
            "a start of blue would start 0 units in 0 ranks\n");
}

TEST_F(GraphCommands, PlanOfALongChainIsNoRecursion) {
  constexpr int kUnits = 5'000;
  const auto name = [](int number) { return "u" + std::to_string(10'000 + number); };
  for (int i = 0; i < kUnits; ++i) {
    std::vector<BondTo> bonds;
    if (i > 0)
      bonds.push_back({"requires", name(i - 1)});
    add(name(i), "service", "", bonds);
  }

  EXPECT_EQ(run({"plan", name(kUnits - 1)}), kSuccess);

  EXPECT_NE(out_.str().find("would start 5000 units in 5000 ranks\n"), std::string::npos);
}

TEST_F(GraphCommands, UnknownUnitsAreNamedWithASuggestion) {
  add_site("running");

  for (const char* command : {"plan", "graph", "critical-chain"})
    EXPECT_EQ(run({command, "rdis"}), kNoSuchUnit);

  const std::string message = "berthctl: there is no unit rdis; did you mean \"redis\"?\n";
  EXPECT_EQ(err_.str(), message + message + message);
}

TEST_F(GraphCommands, GraphIsDot) {
  add_site("running");
  node("extra").bonds = {{"conflicts", "web"}, {"after", "redis"}};
  node("extra").state = "failed";

  EXPECT_EQ(run({"graph"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "digraph berth {\n"
            "  rankdir=LR;\n"
            "  node [style=filled];\n"
            "  \"cable\" [label=\"cable\\nrunning\", shape=box, fillcolor=palegreen];\n"
            "  \"extra\" [label=\"extra\\nfailed\", shape=box, fillcolor=lightcoral];\n"
            "  \"initialize\" [label=\"initialize\\nrunning\", shape=note, fillcolor=palegreen];\n"
            "  \"redis\" [label=\"redis\\nrunning\", shape=box, fillcolor=palegreen];\n"
            "  \"web\" [label=\"web\\nrunning\", shape=house, fillcolor=palegreen];\n"
            "  \"cable\" -> \"redis\";\n"
            "  \"extra\" -> \"redis\" [style=dotted];\n"
            "  \"web\" -> \"redis\";\n"
            "  \"web\" -> \"cable\" [style=dashed];\n"
            "  \"web\" -> \"initialize\" [style=dotted];\n"
            "  \"extra\" -> \"web\" [color=red, dir=none, constraint=false];\n"
            "}\n");
}

TEST_F(GraphCommands, GraphOfOneUnitHasWhatItNeedsAndWhatNeedsIt) {
  add_site("");
  node("extra").bonds = {{"requires", "initialize"}};

  EXPECT_EQ(run({"graph", "--json", "cable"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "[{\"unit\":\"cable\",\"kind\":\"service\",\"state\":\"\",\"start\":\"stock\","
            "\"bonds\":[{\"bond\":\"requires\",\"unit\":\"redis\"}]},"
            "{\"unit\":\"redis\",\"kind\":\"service\",\"state\":\"\",\"start\":\"stock\","
            "\"bonds\":[]},"
            "{\"unit\":\"web\",\"kind\":\"proxy\",\"state\":\"\",\"start\":\"boot\","
            "\"bonds\":[{\"bond\":\"wants\",\"unit\":\"cable\"},"
            "{\"bond\":\"requires\",\"unit\":\"redis\"}]}]\n");
}

TEST_F(GraphCommands, GraphLeavesOutTenantsAtRest) {
  add("tenant@a", "tenant", "running", {}, "demand");
  add("tenant@b", "tenant", "inactive", {}, "demand");

  EXPECT_EQ(run({"graph"}), kSuccess);

  EXPECT_NE(out_.str().find("tenant@a"), std::string::npos);
  EXPECT_EQ(out_.str().find("tenant@b"), std::string::npos);
}

TEST_F(GraphCommands, BlameBeginsWithTheSlowest) {
  add_site("running");
  graph_.now_us = 9'000'000;
  set_times("redis", 1'000'000, 1'000'000, 1'250'000);
  set_times("cable", 1'000'000, 1'250'000, 4'000'000);
  set_times("web", 1'000'000, 4'000'000, 0);
  node("web").state = "starting";
  set_times("extra", 1'000'000, 1'000'000, 0);
  node("extra").state = "failed";

  EXPECT_EQ(run({"blame"}), kSuccess);
  EXPECT_EQ(run({"blame", "--json"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "  TOOK  WAITED  UNIT   STATE\n"
            "5.000s  3.000s  web    not ready yet\n"
            "2.750s   250ms  cable\n"
            " 250ms     0us  redis\n"
            "[{\"unit\":\"web\",\"took_us\":5000000,\"waited_us\":3000000,\"ready\":false},"
            "{\"unit\":\"cable\",\"took_us\":2750000,\"waited_us\":250000,\"ready\":true},"
            "{\"unit\":\"redis\",\"took_us\":250000,\"waited_us\":0,\"ready\":true}]\n");
}

TEST_F(GraphCommands, CriticalChainFollowsWhatWasWaitedForLast) {
  add_site("running");
  graph_.begun_us = 1'000'000;
  graph_.booted_us = 4'100'000;
  graph_.now_us = 9'000'000;
  set_times("initialize", 1'000'000, 1'000'000, 1'900'000);
  set_times("redis", 1'000'000, 1'000'000, 1'250'000);
  set_times("cable", 1'000'000, 1'250'000, 4'000'000);
  set_times("web", 1'000'000, 4'000'100, 4'100'000);
  set_times("extra", 6'000'000, 6'000'000, 7'000'000);  // started by hand later

  EXPECT_EQ(run({"critical-chain"}), kSuccess);
  EXPECT_EQ(run({"critical-chain", "cable"}), kSuccess);
  EXPECT_EQ(run({"critical-chain", "--json", "extra"}), kSuccess);

  const std::string head =
      "After @: when the unit was ready, since the start of berth. After +: how long it took.\n\n";
  EXPECT_EQ(out_.str(), head +
                            "boot @3.100s\n"
                            "└─web @3.100s +99ms\n"
                            "  └─cable @3.000s +2.750s\n"
                            "    └─redis @250ms +250ms\n" +
                            head +
                            "cable @3.000s +2.750s\n"
                            "└─redis @250ms +250ms\n"
                            "{\"booted_us\":3100000,\"chain\":["
                            "{\"unit\":\"extra\",\"at_us\":6000000,\"took_us\":1000000}]}\n");
}

TEST_F(GraphCommands, CriticalChainEndsWhereNothingWasWaitedFor) {
  add("redis", "service", "running");
  add("web", "service", "running", {{"requires", "redis"}});
  set_times("redis", 10, 10, 20);
  set_times("web", 500, 500, 600);

  EXPECT_EQ(run({"critical-chain", "--json", "web"}), kSuccess);

  EXPECT_EQ(out_.str(),
            "{\"booted_us\":null,\"chain\":[{\"unit\":\"web\",\"at_us\":600,\"took_us\":100}]}\n");
}

TEST_F(GraphCommands, CriticalChainSaysThatAUnitIsNotUp) {
  add("redis", "service", "starting");

  EXPECT_EQ(run({"critical-chain", "redis"}), kNotActive);
  EXPECT_EQ(err_.str(),
            "berthctl: redis is starting, and was not ready since it was last started\n");
}

TEST_F(GraphCommands, UnitFilesAreAskedWhereFoldersAreGiven) {
  EXPECT_TRUE(is_offline(*parse_command_line({"verify"})));
  EXPECT_TRUE(is_offline(*parse_command_line({"plan", "--units", "x"})));
  EXPECT_TRUE(is_offline(*parse_command_line({"graph", "--config", "x"})));
  EXPECT_FALSE(is_offline(*parse_command_line({"plan"})));
  EXPECT_FALSE(is_offline(*parse_command_line({"blame"})));
}

TEST_F(GraphCommands, UnitFilesGiveAGraphAndTheirErrors) {
  const std::vector<SourceFile> files = {
      {"redis.toml", "redis.toml", "[service]\ncommand = \"redis-server\"\n", 0, true},
      {"web.toml", "web.toml", "[unit]\nrequires = [\"redis\"]\n[service]\ncommand = \"x\"\n", 0,
       false},
      {"bad.toml", "bad.toml", "[service]\ncomand = \"x\"\n", 0, false}};
  const Catalog catalog = load_catalog(files, nullptr, {});
  const auto invocation = parse_command_line({"plan", "--units", "x"});
  const Output output{out_, err_};

  EXPECT_EQ(show_graph_of_files(*invocation, catalog, output), kFailure);

  EXPECT_EQ(out_.str(),
            "RANK  UNIT   WHAT    WHY\n"
            "   1  redis  starts  required by web\n"
            "   2  web    starts  starts at boot\n"
            "\n"
            "the boot would start 2 units in 2 ranks\n");
  EXPECT_NE(err_.str().find("did you mean \"command\"?"), std::string::npos);
}

}  // namespace
}  // namespace berth::ctl
