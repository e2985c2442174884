// load_catalog(): files, folders, drop-ins, defaults.
#include "units/catalog.h"

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

using testing::Lines;
using testing::load;
using testing::messages;
using testing::names;
using testing::source;

constexpr const char* kRedis = "[service]\ncommand = \"redis-server --port 6379\"\n";

Catalog load_ranked(const std::vector<std::pair<unsigned, testing::File>>& files) {
  std::vector<SourceFile> sources;
  for (const auto& [rank, file] : files) {
    sources.push_back(source(file, rank));
    sources.back().path = std::to_string(rank) + "/" + file.first;
  }
  return load_catalog(sources, nullptr, testing::context());
}

Catalog load_with_defaults(const std::string& berth_toml, const std::vector<testing::File>& files) {
  std::vector<SourceFile> sources;
  for (const testing::File& file : files) {
    sources.push_back(source(file));
  }
  const SourceFile defaults = source({"berth.toml", berth_toml});
  return load_catalog(sources, &defaults, testing::context());
}

TEST(Catalog, ReadsAUnit) {
  const Catalog catalog = load({{"redis.toml", kRedis}});

  EXPECT_EQ(Lines{}, messages(catalog));
  const Unit* redis = catalog.find("redis");
  ASSERT_NE(nullptr, redis);
  EXPECT_EQ("redis", redis->name.str());
  EXPECT_EQ(UnitKind::service, redis->kind);
  EXPECT_EQ((std::vector<std::string>{"redis-server", "--port", "6379"}),
            redis->service.command.argv);
  EXPECT_EQ((SourcePlace{"redis.toml", 1, 1}), redis->place);
  EXPECT_EQ(nullptr, catalog.find("rediss"));
}

TEST(Catalog, IsEmptyWithoutFiles) {
  const Catalog catalog = load({});

  EXPECT_TRUE(catalog.units.empty());
  EXPECT_TRUE(catalog.errors.empty());
  EXPECT_EQ(BerthConfig{}, catalog.config);
}

TEST(Catalog, LeavesABrokenUnitOutAndKeepsTheOthers) {
  const Catalog catalog = load({{"a.toml", "[service]\n"}, {"redis.toml", kRedis}});

  EXPECT_EQ((Lines{"a.toml:1:1: [service] needs \"command\""}), messages(catalog));
  EXPECT_EQ("a", catalog.errors[0].unit);
  EXPECT_EQ((Lines{"redis"}), names(catalog));
}

TEST(Catalog, ReportsAllErrorsOfAllFilesInOrder) {
  EXPECT_EQ(
      (Lines{"a.toml:2:11: \"command\" in [service] names no program",
             "a.toml:3:11: \"restart\" in [service] must be \"on-failure\", \"always\" or "
             "\"never\", not \"onfailure\"; did you mean \"on-failure\"?",
             "b.toml:1:9: no valid TOML: Error while parsing table header: expected ']', "
             "saw '\\n'",
             "c.toml:1:1: [job] needs either \"command\" or \"steps\""}),
      testing::errors_of({{"c.toml", "[job]\ncommand = \"a\"\nsteps = [\"b\"]\n"},
                          {"b.toml", "[service\n"},
                          {"a.toml", "[service]\ncommand = \"\"\nrestart = \"onfailure\"\n"}}));
}

TEST(Catalog, WantsExactlyOneKind) {
  EXPECT_EQ(
      (Lines{"a.toml:1:1: one of [service], [job], [tenant] and [proxy] is missing",
             "b.toml:3:1: [job] beside [service]: a unit is of one kind"}),
      testing::errors_of({{"a.toml", "[unit]\n"},
                          {"b.toml", "[service]\ncommand = \"x\"\n[job]\ncommand = \"x\"\n"}}));
}

TEST(Catalog, WantsTheRightFileNameForTheKind) {
  EXPECT_EQ(
      (Lines{"-x.toml:1:1: \"-x\" is no name of a unit: a name begins with a letter or digit and "
             "goes on with [A-Za-z0-9_.-]",
             "p@.toml:1:1: [proxy] cannot be a template",
             "t.toml:1:1: [tenant] is a template: its file is called \"t@.toml\"",
             "t@a.toml:1:1: an instance has no file of its own: declare it in [instances.t]"}),
      testing::errors_of({{"-x.toml", kRedis},
                          {"p@.toml", "[proxy]\nlisten = \":80\"\n"},
                          {"t.toml", "[tenant]\ncommand = \"x\"\n"},
                          {"t@a.toml", "[tenant]\ncommand = \"x\"\n"}}));
}

TEST(Catalog, LetsTheHigherFolderWin) {
  const Catalog catalog = load_ranked({{2, {"redis.toml", "[service]\ncommand = \"stock\"\n"}},
                                       {0, {"redis.toml", "[service]\ncommand = \"admin\"\n"}},
                                       {1, {"redis.toml", "[service]\ncommand = \"run\"\n"}}});

  EXPECT_EQ("admin", catalog.find("redis")->service.command.argv[0]);
  EXPECT_EQ("0/redis.toml", catalog.find("redis")->place.file);
}

TEST(Catalog, HidesALowerFileByAnEmptyOne) {
  const Catalog catalog =
      load_ranked({{0, {"redis.toml", "# not here\n"}}, {2, {"redis.toml", kRedis}}});

  EXPECT_EQ(Lines{}, messages(catalog));
  EXPECT_TRUE(catalog.units.empty());
}

TEST(Catalog, DoesNotFallBackFromABrokenFile) {
  const Catalog catalog =
      load_ranked({{0, {"redis.toml", "[service\n"}}, {2, {"redis.toml", kRedis}}});

  EXPECT_EQ(1U, catalog.errors.size());
  EXPECT_TRUE(catalog.units.empty());
}

TEST(DropIns, MergeInTheOrderOfTheirNamesFromAnyFolder) {
  const Catalog catalog = load_ranked(
      {{2,
        {"a.toml",
         "[unit]\ndescription = \"a\"\n[service]\ncommand = [\"x\"]\n"
         "restart = \"never\"\n[process]\nenv = { A = \"1\", B = \"1\" }\n"}},
       {0, {"a.toml.d/20.toml", "[process]\nenv = { B = \"3\" }\n[unit]\ndescription = \"c\"\n"}},
       {2,
        {"a.toml.d/10.toml",
         "[process]\nenv = { B = \"2\", C = \"2\" }\n"
         "[unit]\ndescription = \"b\"\n"}}});

  EXPECT_EQ(Lines{}, messages(catalog));
  const Unit& unit = *catalog.find("a");
  EXPECT_EQ("c", unit.info.description);
  EXPECT_EQ(Restart::never, unit.service.restart);
  EXPECT_EQ((std::map<std::string, std::optional<std::string>>{{"A", "1"}, {"B", "3"}, {"C", "2"}}),
            unit.process.env);
}

TEST(DropIns, HideOnesOfTheSameNameInLowerFolders) {
  const Catalog catalog = load_ranked({{2, {"a.toml", kRedis}},
                                       {2, {"a.toml.d/x.toml", "[service]\nrestart = \"never\"\n"}},
                                       {0, {"a.toml.d/x.toml", "[unit]\ndescription = \"d\"\n"}}});

  EXPECT_EQ("d", catalog.find("a")->info.description);
  EXPECT_EQ(Restart::on_failure, catalog.find("a")->service.restart);
}

TEST(DropIns, ReplaceArraysAndAppendWithAPlus) {
  const Catalog catalog =
      load({{"a.toml",
             "[unit]\ndocumentation = [\"1\"]\n[service]\ncommand = [\"x\"]\n"
             "[process]\ngroups = [\"a\"]\n"},
            {"a.toml.d/1.toml",
             "[unit]\n\"documentation+\" = [\"2\"]\n[service]\n\"command+\" = [\"-v\"]\n"
             "\"after_stop+\" = [\"y\"]\n[process]\ngroups = [\"b\"]\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  const Unit& unit = *catalog.find("a");
  EXPECT_EQ((Lines{"1", "2"}), unit.info.documentation);
  EXPECT_EQ((Lines{"x", "-v"}), unit.service.command.argv);
  EXPECT_EQ(1U, unit.service.after_stop.size());
  EXPECT_EQ((Lines{"b"}), unit.process.groups);
}

TEST(DropIns, AppendArraysOfTables) {
  const Catalog catalog =
      load({{"a.toml", "[service]\ncommand = \"x\"\n[[process.directories]]\npath = \"/1\"\n"},
            {"a.toml.d/1.toml", "[[process.directories]]\npath = \"/2\"\n"}});

  ASSERT_EQ(2U, catalog.find("a")->process.directories.size());
  EXPECT_EQ("/2", catalog.find("a")->process.directories[1].path);
}

TEST(DropIns, SayWhatTheyCannotAppendTo) {
  EXPECT_EQ(
      (Lines{"a.toml.d/1.toml:2:1: \"command+\" appends to an array, but \"command\" is a string",
             "a.toml.d/1.toml:3:1: \"after_stop+\" appends an array, not a string"}),
      testing::errors_of(
          {{"a.toml", kRedis},
           {"a.toml.d/1.toml", "[service]\n\"command+\" = [\"x\"]\n\"after_stop+\" = \"x\"\n"}}));
}

TEST(DropIns, NameTheirOwnFileInErrors) {
  EXPECT_EQ((Lines{"a.toml.d/1.toml:2:1: unknown key \"comand\" in [service]; did you mean "
                   "\"command\"?",
                   "b.toml.d/1.toml: there is no \"b.toml\" to add this to"}),
            testing::errors_of({{"a.toml", kRedis},
                                {"a.toml.d/1.toml", "[service]\ncomand = \"x\"\n"},
                                {"b.toml.d/1.toml", "[service]\n"}}));
}

TEST(BerthToml, HoldsTheSettingsOfBerth) {
  const Catalog catalog = load_with_defaults(
      "max_running = 20\nmax_starting = 4\n[log]\nlevel = \"debug\"\nformat = \"json\"\n"
      "socket = \"/run/log.sock\"\nbuffers = \"2M\"\n"
      "[shutdown]\ntimeout = \"20s\"\nafter_stop = \"1m\"\n"
      "state = \"/data/berth\"\n",
      {});

  EXPECT_EQ(Lines{}, messages(catalog));
  BerthConfig expected;
  expected.max_running = 20;
  expected.max_starting = 4;
  expected.log_level = "debug";
  expected.log_format = LogFormat::json;
  expected.log_socket = "/run/log.sock";
  expected.log_buffers = Bytes{2U << 20U};
  expected.shutdown_timeout = Milliseconds{20'000};
  expected.shutdown_after_stop = Milliseconds{60'000};
  expected.state_folder = "/data/berth";
  EXPECT_EQ(expected, catalog.config);
}

TEST(BerthToml, HasTheFormatOfBerthsLinesEvenWhereAUnitsMayVary) {
  const auto format = [](const std::string& text) {
    return load_with_defaults("[log]\nformat = \"" + text + "\"\n", {}).config.log_format;
  };

  EXPECT_EQ(LogFormat::json, format("${LOG_FORMAT:-json}"));
  EXPECT_EQ(LogFormat::prefix, format("${unit}"));
}

TEST(BerthToml, HoldsDefaultsForEveryUnit) {
  const Catalog catalog = load_with_defaults(
      "[process]\nuser = \"app\"\nenv = { A = \"${unit}\", B = \"0\" }\n[log]\nformat = \"json\"\n",
      {{"a.toml", kRedis},
       {"b.toml",
        "[job]\ncommand = \"x\"\n[process]\nuser = \"root\"\nenv = { B = \"1\" }\n"
        "[log]\nformat = \"raw\"\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  EXPECT_EQ("app", catalog.find("a")->process.user);
  EXPECT_EQ("a", *catalog.find("a")->process.env.at("A"));
  EXPECT_EQ(LogFormat::json, catalog.find("a")->log.format);
  EXPECT_EQ("root", catalog.find("b")->process.user);
  EXPECT_EQ("b", *catalog.find("b")->process.env.at("A"));
  EXPECT_EQ("1", *catalog.find("b")->process.env.at("B"));
  EXPECT_EQ(LogFormat::raw, catalog.find("b")->log.format);
}

TEST(BerthToml, IsReportedOnceAndStopsNoUnit) {
  const Catalog catalog = load_with_defaults(
      "max_runing = 1\n[process]\nuser = 1\nnise = 3\n[log]\nlevel = \"loud\"\n[proxy]\nx = 1\n",
      {{"a.toml", kRedis}, {"b.toml", kRedis}});

  EXPECT_EQ((Lines{"berth.toml:1:1: unknown key \"max_runing\" in berth.toml; did you mean "
                   "\"max_running\"?",
                   "berth.toml:3:8: \"user\" in [process] must be a string, not a number",
                   "berth.toml:4:1: unknown key \"nise\" in [process]; did you mean \"nice\"?",
                   "berth.toml:6:9: \"level\" in [log] must be \"error\", \"warning\", \"info\" or "
                   "\"debug\", not \"loud\"",
                   "berth.toml:7:1: unknown table [proxy] in berth.toml"}),
            messages(catalog));
  EXPECT_EQ((Lines{"a", "b"}), names(catalog));
}

TEST(Values, ExpandInPlaceOfAnyScalar) {
  const Catalog catalog =
      load({{"a.toml",
             "[service]\ncommand = \"x ${HOME} '${PORT}'\"\nrestart_limit = \"${LIMIT:-3}\"\n"
             "address = \":${PORT}\"\n[process]\nno_new_privileges = \"${NNP:-false}\"\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  const Unit& unit = *catalog.find("a");
  EXPECT_EQ((Lines{"x", "/root", "9000"}), unit.service.command.argv);
  EXPECT_EQ(3U, unit.service.restart_limit);
  EXPECT_EQ(9000, unit.service.address->port);
  EXPECT_FALSE(unit.process.no_new_privileges);
}

TEST(Values, SayWhereAVariableIsUndefined) {
  EXPECT_EQ(
      (Lines{"a.toml:2:11: \"command\" in [service] cannot be expanded: undefined variable "
             "\"NOTHING\"",
             "a.toml:3:17: \"restart_limit\" in [service] must be a whole number not below 0, "
             "not \"/root\""}),
      testing::errors_of(
          {{"a.toml", "[service]\ncommand = \"x ${NOTHING}\"\nrestart_limit = \"${HOME}\"\n"}}));
}

TEST(Values, HoldNoZeroByte) {
  EXPECT_EQ((Lines{"a.toml:2:11: \"command\" in [service] holds a zero byte"}),
            testing::errors_of({{"a.toml", "[service]\ncommand = \"x\\u0000y\"\n"}}));
}

TEST(Values, CountOnlyWhenTheirConditionHolds) {
  const Catalog catalog =
      load({{"a.toml",
             "[service]\ncommand = \"x\"\n"
             "[[process.directories]]\npath = \"/yes\"\nwhen = { env = \"HOME\" }\n"
             "[[process.directories]]\npath = \"/no\"\nwhen = { env = \"EMPTY\" }\n"
             "[[process.directories]]\npath = \"/is\"\nwhen = { env = { PORT = \"9000\" } }\n"
             "[[process.directories]]\npath = \"/not\"\nwhen = { env = { PORT = \"1\" } }\n"},
            {"web.toml",
             "[proxy]\nlisten = \":80\"\n[proxy.auth]\nhtpasswd = \"${NOTHING}\"\n"
             "when = { env = \"NOTHING\" }\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  ASSERT_EQ(2U, catalog.find("a")->process.directories.size());
  EXPECT_EQ("/yes", catalog.find("a")->process.directories[0].path);
  EXPECT_EQ("/is", catalog.find("a")->process.directories[1].path);
  EXPECT_EQ("", catalog.find("web")->proxy->auth_htpasswd);
}

TEST(Values, ShowASlipInAnEntryThatDoesNotCount) {
  EXPECT_EQ(
      (Lines{"a.toml:4:1: unknown key \"pth\" in [[process.directories]]; did you mean "
             "\"path\"?",
             "a.toml:7:8: \"when\" in [[process.directories]] must be { env = \"NAME\" } or "
             "{ env = { NAME = \"value\" } }, not a table",
             "b.toml:3:1: unknown key \"when\" in [service]"}),
      testing::errors_of({{"a.toml",
                           "[service]\ncommand = \"x\"\n[[process.directories]]\npth = \"/x\"\n"
                           "when = { env = \"NOTHING\" }\n"
                           "[[process.directories]]\nwhen = { environ = \"X\" }\npath = \"/x\"\n"},
                          {"b.toml", "[service]\ncommand = \"x\"\nwhen = { env = \"X\" }\n"}}));
}

TEST(Ready, UnderstandsItsWays) {
  const auto check = [](const std::string& ready) {
    return load({{"a.toml", "[service]\ncommand = \"x\"\naddress = \":80\"\nready = " + ready}})
        .find("a")
        ->service.ready;
  };

  EXPECT_EQ(ReadyCheck::Way::exec, ReadyCheck{}.way);
  const ReadyCheck path = check("{ http = \"/up\", status = \"any\" }");
  EXPECT_EQ(ReadyCheck::Way::http, path.way);
  EXPECT_TRUE(path.at_endpoint);
  EXPECT_EQ("/up", path.path);
  EXPECT_EQ(100, path.status_low);
  EXPECT_EQ(599, path.status_high);
  const ReadyCheck url = check("{ http = \"http://127.0.0.1:81/up?x\", status = \"200\" }");
  EXPECT_FALSE(url.at_endpoint);
  EXPECT_EQ("127.0.0.1:81", format_address(url.address));
  EXPECT_EQ("/up?x", url.path);
  EXPECT_EQ(200, url.status_high);
  EXPECT_EQ("127.0.0.1:80", format_address(check("{ http = \"http://127.0.0.1\" }").address));
  EXPECT_EQ("[::1]:80", format_address(check("{ http = \"http://[::1]/\" }").address));
  EXPECT_EQ(":81", format_address(check("{ tcp = \":81\" }").address));
  EXPECT_EQ("unix:/run/x", format_address(check("{ unix = \"/run/x\" }").address));
  EXPECT_EQ("/run/x", check("{ file = \"/run/x\" }").path);
}

TEST(Ready, NeedsOneWayAndAnAddressToAskAt) {
  EXPECT_EQ(
      (Lines{"a.toml:1:1: \"ready\" asks at \"address\", which is not set",
             "b.toml:3:9: \"ready\" in [service] must be a table with one of http, tcp, unix, "
             "file, notify, log and command",
             "c.toml:3:9: \"ready\" in [service] must be a table with one of http, tcp, unix, "
             "file, notify, log and command"}),
      testing::errors_of(
          {{"a.toml", "[service]\ncommand = \"x\"\nready = { http = \"/\" }\n"},
           {"b.toml", "[service]\ncommand = \"x\"\nready = { file = \"/x\", tcp = \":1\" }\n"},
           {"c.toml", "[service]\ncommand = \"x\"\nready = \"/up\"\n"}}));
}

}  // namespace
}  // namespace berth
