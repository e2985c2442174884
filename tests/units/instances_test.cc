// Templates and their instances.
#include <gtest/gtest.h>

#include "tests/units/load.h"
#include "units/catalog.h"

namespace berth {
namespace {

using testing::Lines;
using testing::load;
using testing::messages;
using testing::names;

const testing::File kTenant{"tenant@.toml",
                            "[unit]\ndescription = \"Event ${owner}\"\n"
                            "[tenant]\ncommand = \"puma -p ${port} ${instance_dashed}\"\n"
                            "vars = [\"owner\", \"logo?\"]\nhold = \"3s\"\n"
                            "[process]\nworking_directory = \"${run_dir}\"\n"
                            "env = { LOGO = \"${logo:-none}\", HOME = false }\n"};

TEST(Instances, AreMadeFromLines) {
  const Catalog catalog =
      load({kTenant,
            {"tenants.toml",
             "[instances.tenant]\n\"2025/boston\" = { owner = \"B\", logo = \"x.gif\" }\n"
             "index = { owner = 7 }\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  EXPECT_EQ((Lines{"tenant@2025/boston", "tenant@index"}), names(catalog));
  EXPECT_EQ((Lines{"tenant@"}), catalog.templates);
  const Unit& boston = *catalog.find("tenant@2025/boston");
  EXPECT_EQ("Event B", boston.info.description);
  EXPECT_EQ((Lines{"puma", "-p", "${port}", "2025-boston"}), boston.service.command.argv);
  EXPECT_EQ("/run/berth/units-run/tenant@2025%2Fboston", boston.process.working_directory);
  EXPECT_EQ("x.gif", boston.process.env.at("LOGO"));
  EXPECT_EQ(std::nullopt, boston.process.env.at("HOME"));
  EXPECT_EQ("/2025/boston/", boston.tenant->path);
  EXPECT_EQ(Milliseconds{3'000}, boston.tenant->hold);
  EXPECT_EQ((SourcePlace{"tenants.toml", 2, 1}), boston.place);
  EXPECT_EQ("Event 7", catalog.find("tenant@index")->info.description);
  EXPECT_EQ("none", catalog.find("tenant@index")->process.env.at("LOGO"));
}

TEST(Instances, OverrideKeysInBlocks) {
  const Catalog catalog =
      load({kTenant,
            {"tenants.toml",
             "[[instance]]\ntemplate = \"tenant\"\nname = \"demo\"\npath = \"/d/\"\n"
             "vars = { owner = \"D\" }\nenv = { LOGO = \"d\", X = \"${unit}\" }\n"
             "hold = \"9s\"\nuser = \"demo\"\ncommand = [\"other\"]\n"
             "after_stop = [\"backup ${owner}\"]\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  const Unit& demo = *catalog.find("tenant@demo");
  EXPECT_EQ("/d/", demo.tenant->path);
  EXPECT_EQ(Milliseconds{9'000}, demo.tenant->hold);
  EXPECT_EQ("demo", demo.process.user);
  EXPECT_EQ((Lines{"other"}), demo.service.command.argv);
  EXPECT_EQ((Lines{"backup", "D"}), demo.service.after_stop[0].argv);
  EXPECT_EQ("d", demo.process.env.at("LOGO"));
  EXPECT_EQ("tenant@demo", demo.process.env.at("X"));
  EXPECT_EQ(std::nullopt, demo.process.env.at("HOME"));
}

TEST(Instances, HaveTheDefaultsOfATenant) {
  const Catalog catalog =
      load({{"t@.toml", "[tenant]\ncommand = \"x\"\n"}, {"i.toml", "[instances.t]\na = {}\n"}});

  const Unit& unit = *catalog.find("t@a");
  EXPECT_EQ(Restart::never, unit.service.restart);
  EXPECT_EQ(StartWhen::demand, unit.info.start);
  EXPECT_EQ(Milliseconds{5'000}, unit.tenant->hold);
  EXPECT_EQ("/a/", unit.tenant->path);
}

TEST(Instances, AreReadyWhenTheirEndpointTakesConnections) {
  const auto ready = [](const std::string& keys) {
    return load({{"t@.toml", "[tenant]\ncommand = \"x\"\n" + keys},
                 {"i.toml", "[instances.t]\na = {}\n"}})
        .find("t@a")
        ->service.ready;
  };

  EXPECT_EQ(ReadyCheck::Way::tcp, ready("").way);
  EXPECT_TRUE(ready("").at_endpoint);
  EXPECT_EQ(ReadyCheck::Way::unix_socket, ready("endpoint = \"socket\"\n").way);
  EXPECT_EQ(ReadyCheck::Way::exec, ready("endpoint = \"activated\"\n").way);
  const ReadyCheck url = ready("ready = { http = \"http://127.0.0.1:${port}/up\" }\n");
  EXPECT_EQ(ReadyCheck::Way::http, url.way);
  EXPECT_TRUE(url.at_endpoint);
  EXPECT_EQ("/up", url.path);
  EXPECT_TRUE(ready("ready = { tcp = \":${port}\" }\n").at_endpoint);
  EXPECT_TRUE(ready("ready = { unix = \"${socket}\" }\n").at_endpoint);
  EXPECT_FALSE(ready("ready = { unix = \"${run_dir}/s\" }\n").at_endpoint);
}

TEST(Instances, MayBeOfServicesAndJobs) {
  const Catalog catalog =
      load({{"worker@.toml", "[service]\ncommand = \"work ${queue}\"\nvars = [\"queue\"]\n"},
            {"sync@.toml", "[job]\ncommand = \"sync ${instance}\"\n[instances.sync]\na = {}\n"},
            {"w.toml", "[instances.worker]\nmail = { queue = \"m\" }\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  EXPECT_EQ((Lines{"work", "m"}), catalog.find("worker@mail")->service.command.argv);
  EXPECT_EQ((Lines{"sync", "a"}), catalog.find("sync@a")->job->steps[0].argv);
}

TEST(Instances, CountOnlyWhenTheirConditionHolds) {
  const Catalog catalog =
      load({{"t@.toml", "[tenant]\ncommand = \"x\"\n"},
            {"i.toml",
             "[[instance]]\ntemplate = \"t\"\nname = \"a\"\nwhen = { env = \"HOME\" }\n"
             "[[instance]]\ntemplate = \"t\"\nname = \"b\"\nwhen = { env = \"EMPTY\" }\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  EXPECT_EQ((Lines{"t@a"}), names(catalog));
}

TEST(Instances, MayBeNone) {
  EXPECT_EQ(Lines{}, testing::errors_of({kTenant, {"tenants.toml", "instance = []\n"}}));
  EXPECT_EQ(Lines{}, testing::errors_of({kTenant, {"tenants.toml", "[instances.tenant]\n"}}));
}

TEST(Instances, SayWhatIsWrongWithTheirValues) {
  const Catalog catalog = load({kTenant,
                                {"tenants.toml",
                                 "[instances.tenant]\na = { ower = \"A\" }\nb = { owner = [1] }\n"
                                 "c = { owner = \"${NOTHING}\" }\nd = { owner = \"D\" }\n"}});

  EXPECT_EQ((Lines{"tenant@.toml:2:15: \"description\" in [unit] cannot be expanded: undefined "
                   "variable \"owner\"",
                   "tenants.toml:2:1: \"tenant@a\" needs a value for \"owner\"",
                   "tenants.toml:2:7: \"tenant@\" declares no variable \"ower\"; did you mean "
                   "\"owner\"?",
                   "tenants.toml:3:15: \"owner\" in the instance's values must be a string or a "
                   "number, not an array",
                   "tenants.toml:4:15: \"owner\" in the instance's values cannot be expanded: "
                   "undefined variable \"NOTHING\""}),
            messages(catalog));
  EXPECT_EQ((Lines{"tenant@d"}), names(catalog));
}

TEST(Instances, SayWhatIsWrongWithTheirForm) {
  EXPECT_EQ(
      (Lines{"a.toml:1:13: \"instances\" must be a table of templates, not a number",
             "b.toml:2:10: \"tenant\" in [instances] must be a table of instances, not a number",
             "c.toml:2:5: \"a\" in [instances.tenant] must be a table of values, not a string",
             "d.toml:1:12: \"instance\" must be an array of tables: [[instance]], not a table",
             "e.toml:1:1: [[instance]] needs \"template\"",
             "e.toml:1:1: [[instance]] needs \"name\"",
             "e.toml:4:12: \"template\" in [[instance]] must be a string, not a number",
             "e.toml:9:8: \"vars\" in [[instance]] must be a table, not a number",
             "f.toml:2:1: \"tenant@a b\" is no name of a unit: an instance is made of such names, "
             "joined by \"/\"",
             "f.toml:3:12: there is no template \"tennant@\"; did you mean \"tenant@\"?"}),
      testing::errors_of(
          {{"tenant@.toml", "[tenant]\ncommand = \"x\"\n"},
           {"a.toml", "instances = 1\n"},
           {"b.toml", "[instances]\ntenant = 1\n"},
           {"c.toml", "[instances.tenant]\na = \"x\"\n"},
           {"d.toml", "instance = {}\n"},
           {"e.toml",
            "[[instance]]\n\n[[instance]]\ntemplate = 1\nname = \"x\"\n[[instance]]\n"
            "template = \"tenant\"\nname = \"y\"\nvars = 1\n"},
           {"f.toml", "[instances.tenant]\n\"a b\" = {}\n[instances.tennant]\na = {}\n"}}));
}

TEST(Instances, SayWhichKeyIsUnknown) {
  EXPECT_EQ((Lines{"i.toml:4:1: unknown key \"idle_time\" in [[instance]]; did you mean "
                   "\"idle_timeout\"?",
                   "i.toml:5:1: unknown key \"listen\" in [[instance]]; it belongs in [service]"}),
            testing::errors_of({{"t@.toml", "[tenant]\ncommand = \"x\"\n"},
                                {"i.toml",
                                 "[[instance]]\ntemplate = \"t\"\nname = \"a\"\n"
                                 "idle_time = \"1s\"\nlisten = \":1\"\n"}}));
}

TEST(Instances, OfOneNameAreAnErrorNamingBothPlaces) {
  const Catalog catalog =
      load({{"t@.toml", "[tenant]\ncommand = \"x\"\n"},
            {"a.toml", "[instances.t]\nx = {}\n"},
            {"b.toml", "[[instance]]\ntemplate = \"t\"\nname = \"x\"\npath = \"/y/\"\n"}});

  EXPECT_EQ((Lines{"b.toml:3:8: \"t@x\" is declared already (a.toml:2:1)"}), messages(catalog));
  EXPECT_EQ("/x/", catalog.find("t@x")->tenant->path);
}

TEST(Instances, AreLeftOutWithTheirTemplateAndSayItOnce) {
  const Catalog catalog =
      load({{"t@.toml", "[tenant]\ncommand = \"x\"\nhold = 5\n"},
            {"i.toml", "[instances.t]\na = {}\nb = {}\n"},
            {"s.toml", "[unit]\nrequires = [\"t@a\"]\n[service]\ncommand = \"x\"\n"}});

  EXPECT_EQ((Lines{"s.toml:2:13: requires \"t@a\", which has an error",
                   "t@.toml:3:8: \"hold\" in [tenant] must be a duration such as \"5s\", not a "
                   "number"}),
            messages(catalog));
  EXPECT_TRUE(catalog.units.empty());
}

TEST(Instances, OfAnUnreadableTemplateAreLeftOutQuietly) {
  EXPECT_EQ(
      1U,
      testing::errors_of({{"t@.toml", "[tenant\n"}, {"i.toml", "[instances.t]\na = {}\n"}}).size());
}

TEST(Instances, AloneHaveValues) {
  EXPECT_EQ((Lines{"a.toml:3:1: only a template (\"NAME@.toml\") has \"vars\""}),
            testing::errors_of({{"a.toml", "[service]\ncommand = \"x\"\nvars = [\"y\"]\n"}}));
}

TEST(Tenants, StartAtBootOnlyToStay) {
  const auto errors = [](const std::string& idle) {
    return testing::errors_of(
        {{"t@.toml", "[unit]\nstart = \"boot\"\n[tenant]\ncommand = \"x\"\nidle_timeout = " + idle},
         {"i.toml", "[instances.t]\na = {}\n"}});
  };

  EXPECT_EQ(Lines{}, errors("\"0\""));
  EXPECT_EQ((Lines{"i.toml:2:1: a tenant that starts at boot needs \"idle_timeout\" = \"0\""}),
            errors("\"5m\""));
}

TEST(Tenants, HaveTheVariableOfTheirEndpoint) {
  const auto errors = [](const std::string& keys) {
    return testing::errors_of(
        {{"t@.toml", "[tenant]\n" + keys}, {"i.toml", "[instances.t]\na = {}\n"}});
  };

  EXPECT_EQ(Lines{}, errors("command = \"x ${port}\"\n"));
  EXPECT_EQ(Lines{}, errors("command = \"x $${socket}\"\n"));
  EXPECT_EQ(Lines{}, errors("command = \"x ${socket}\"\nendpoint = \"socket\"\n"));
  EXPECT_EQ((Lines{"i.toml:2:1: there is no \"${socket}\" with this \"endpoint\""}),
            errors("command = \"x ${socket}\"\n"));
  EXPECT_EQ((Lines{"i.toml:2:1: there is no \"${port}\" with this \"endpoint\""}),
            errors("command = \"x\"\nendpoint = \"socket\"\nafter_stop = [\"y ${port}\"]\n"));
  EXPECT_EQ(
      (Lines{"i.toml:2:1: there is no \"${port}\" with this \"endpoint\""}),
      errors("command = \"x\"\nendpoint = \"activated\"\n[process]\nenv = { P = \"${port}\" }\n"));
}

TEST(Tenants, HaveNoPathWhereTheirHostChooses) {
  const Catalog catalog =
      load({{"t@.toml", "[tenant]\ncommand = \"x\"\nhosts = [\"${instance}.example.org\"]\n"},
            {"i.toml", "[instances.t]\na = {}\n"}});

  EXPECT_EQ("", catalog.find("t@a")->tenant->path);
  EXPECT_EQ((Lines{"a.example.org"}), catalog.find("t@a")->tenant->hosts);
}

/// Instances of a service's template that say something of their own.
Catalog load_overriding(const std::string& block) {
  return load({{"t@.toml",
                "[service]\ncommand = \"run ${instance}\"\nafter_stop = [\"a\"]\n"
                "ready = { tcp = \":1\" }\n[process]\nlimits = { nofile = 9, core = 0 }\n"
                "env = { A = \"${instance}\", B = \"b\" }\n[log]\nformat = \"json\"\n"},
               {"i.toml", "[[instance]]\ntemplate = \"t\"\nname = \"x\"\n" + block}});
}

TEST(Overrides, ReachEveryTable) {
  const Catalog catalog = load_overriding(
      "restart = \"always\"\nready = { file = \"/up\" }\nnice = 3\n"
      "[instance.unit]\nstart = \"manual\"\n[instance.process]\numask = \"0077\"\n"
      "[instance.log]\nbuffer = \"64K\"\n");

  EXPECT_EQ(Lines{}, testing::messages(catalog));
  const Unit& unit = *catalog.find("t@x");
  EXPECT_EQ(Restart::always, unit.service.restart);
  EXPECT_EQ("/up", unit.service.ready.path);
  EXPECT_EQ(3, unit.process.nice);
  EXPECT_EQ(StartWhen::manual, unit.info.start);
  EXPECT_EQ(077U, unit.process.umask);
  EXPECT_EQ(65'536U, unit.log.buffer.count);
  EXPECT_EQ(LogFormat::json, unit.log.format);
}

TEST(Overrides, AppendToListsAndMergeTables) {
  const Catalog catalog = load_overriding(
      "\"after_stop+\" = [\"b ${instance}\"]\nlimits = { nofile = 10 }\n"
      "[instance.process.env]\nB = \"c\"\n");

  EXPECT_EQ(Lines{}, testing::messages(catalog));
  const Unit& unit = *catalog.find("t@x");
  ASSERT_EQ(2U, unit.service.after_stop.size());
  EXPECT_EQ((Lines{"b", "x"}), unit.service.after_stop[1].argv);
  EXPECT_EQ(10U, unit.process.limits.at("nofile").soft);
  EXPECT_EQ(0U, unit.process.limits.at("core").soft);
  EXPECT_EQ("x", unit.process.env.at("A"));
  EXPECT_EQ("c", unit.process.env.at("B"));
}

TEST(Overrides, AreRefusedInWords) {
  EXPECT_EQ((Lines{"i.toml:4:1: \"nice+\" appends an array, not a number",
                   "i.toml:5:1: unknown key \"buffer\" in [[instance]]; it belongs in [log]",
                   "i.toml:7:1: unknown key \"nic\" in [process]; did you mean \"nice\"?"}),
            testing::messages(
                load_overriding("\"nice+\" = 1\nbuffer = \"1K\"\n[instance.process]\nnic = 1\n")));
}

TEST(Instances, OfJobsAreMadeFromTemplates) {
  const Catalog catalog =
      load({{"sync@.toml", "[job]\ncommand = \"sync ${instance} ${to}\"\nvars = [\"to\"]\n"},
            {"i.toml",
             "[instances.sync]\na = { to = \"x\" }\n[[instance]]\ntemplate = \"sync\"\n"
             "name = \"b\"\nvars = { to = \"y\" }\ntimeout = \"1h\"\n"}});

  EXPECT_EQ(Lines{}, testing::messages(catalog));
  EXPECT_EQ((Lines{"sync", "a", "x"}), catalog.find("sync@a")->job->steps[0].argv);
  EXPECT_EQ((Lines{"sync", "b", "y"}), catalog.find("sync@b")->job->steps[0].argv);
  EXPECT_EQ(Milliseconds(3'600'000), catalog.find("sync@b")->job->timeout);
}

/// A job that writes instances, and what it has written.
Catalog load_generated(Result<std::string> written) {
  std::vector<SourceFile> sources;
  for (const testing::File& file : std::vector<testing::File>{
           {"gen.toml",
            "[job]\ncommand = \"x\"\ninstances = \"/run/gen.toml\"\n[process]\nuser = \"gen\"\n"},
           {"t@.toml", "[tenant]\ncommand = \"x\"\nvars = [\"owner?\"]\n"}})
    sources.push_back(testing::source(file));
  LoadContext context = testing::context();
  context.read_generated = [&](const std::string& path, const std::string& user) {
    EXPECT_EQ("/run/gen.toml gen", path + " " + user);
    return written;
  };
  return load_catalog(sources, nullptr, context);
}

TEST(GeneratedInstances, HavePathHostsValuesAndEnvironment) {
  const Catalog catalog = load_generated(std::string(
      "[instances.t]\na = { owner = \"o\" }\n[[instance]]\ntemplate = \"t\"\nname = \"b\"\n"
      "path = \"/x/\"\nhosts = [\"h\"]\nvars = { owner = \"p\" }\nenv = { E = \"1\" }\n"));

  EXPECT_EQ(Lines{}, testing::messages(catalog));
  EXPECT_EQ((Lines{"gen", "t@a", "t@b"}), testing::names(catalog));
  EXPECT_EQ("/run/gen.toml", catalog.find("t@b")->place.file);
}

TEST(GeneratedInstances, AreNoneBeforeTheJobHasRun) {
  const Catalog catalog = load_generated(Error{ErrorCode::not_found, "open: no such file"});

  EXPECT_EQ(Lines{}, testing::messages(catalog));
  EXPECT_EQ((Lines{"gen"}), testing::names(catalog));
}

TEST(GeneratedInstances, HaveNothingElse) {
  const Catalog catalog = load_generated(std::string(
      "[service]\ncommand = \"x\"\n[instances.t]\na = {}\n[[instance]]\ntemplate = \"t\"\n"
      "name = \"b\"\ncommand = \"evil\"\n[instance.process]\nuser = \"root\"\n"));

  EXPECT_EQ(
      (Lines{"/run/gen.toml:1:2: \"service\" is not accepted from the job \"gen\": its file has "
             "[instances.TEMPLATE] and [[instance]] alone",
             "/run/gen.toml:8:1: \"command\" is not accepted from the job \"gen\": an instance of "
             "its has \"vars\", \"env\", \"path\" and \"hosts\" alone",
             "/run/gen.toml:9:11: \"process\" is not accepted from the job \"gen\": an instance of "
             "its has \"vars\", \"env\", \"path\" and \"hosts\" alone"}),
      testing::messages(catalog));
  EXPECT_EQ((Lines{"gen", "t@a"}), testing::names(catalog));
}

TEST(GeneratedInstances, OfAFileThatOthersCouldWriteAreRefused) {
  const Catalog catalog =
      load_generated(Error{ErrorCode::denied, "is writable by others: refused"});

  EXPECT_EQ((Lines{"/run/gen.toml: is writable by others: refused"}), testing::messages(catalog));
}

}  // namespace
}  // namespace berth
