// What only all units together can tell.
#include <gtest/gtest.h>

#include "tests/units/load.h"
#include "units/catalog.h"

namespace berth {
namespace {

using testing::errors_of;
using testing::File;
using testing::Lines;
using testing::load;
using testing::messages;
using testing::names;

/// A service with these keys of [unit].
File unit(const std::string& name, const std::string& keys) {
  return {name + ".toml", "[unit]\n" + keys + "\n[service]\ncommand = \"x\"\n"};
}

File proxy(const std::string& name, const std::string& listen, const std::string& more = "") {
  return {name + ".toml", "[proxy]\nlisten = " + listen + "\n" + more};
}

TEST(References, MustExist) {
  EXPECT_EQ((Lines{"a.toml:2:13: requires \"reds\", which does not exist; did you mean \"redis\"?",
                   "b.toml:2:10: wants \"nothing\", which does not exist",
                   "c.toml:2:10: after \"t@\", which is a template: name one of its instances"}),
            errors_of({unit("a", "requires = [\"reds\"]"),
                       unit("b", "wants = [\"nothing\"]"),
                       unit("c", "after = [\"t@\"]"),
                       unit("redis", ""),
                       {"t@.toml", "[tenant]\ncommand = \"x\"\n"}}));
}

TEST(References, OfRoutesAndMaintenanceFitTheirPurpose) {
  EXPECT_EQ((Lines{"web.toml:4:9: until \"s\", which is no job",
                   "web.toml:7:8: unit \"j\", which is neither a service nor a tenant",
                   "web.toml:10:8: unit \"s\", which has no \"address\"",
                   "web.toml:13:8: unit \"gone\", which does not exist"}),
            errors_of({unit("s", ""),
                       {"j.toml", "[job]\ncommand = \"x\"\n"},
                       proxy("web", "\":80\"",
                             "[proxy.maintenance]\nuntil = \"s\"\n"
                             "[[proxy.route]]\nprefix = \"/a\"\nunit = \"j\"\n"
                             "[[proxy.route]]\nprefix = \"/b\"\nunit = \"s\"\n"
                             "[[proxy.route]]\nprefix = \"/c\"\nunit = \"gone\"\n")}));
}

TEST(References, ToABrokenUnitBreakOnlyWhatRequiresIt) {
  const Catalog catalog = load({{"redis.toml", "[service]\n"},
                                unit("a", "requires = [\"redis\"]"),
                                unit("b", "requires = [\"a\"]"),
                                unit("c", "wants = [\"redis\"]\nafter = [\"redis\", \"d\"]"),
                                unit("d", "before = [\"redis\"]")});

  EXPECT_EQ((Lines{"a.toml:2:13: requires \"redis\", which has an error",
                   "b.toml:2:13: requires \"a\", which has an error",
                   "redis.toml:1:1: [service] needs \"command\""}),
            messages(catalog));
  EXPECT_EQ((Lines{"c", "d"}), names(catalog));
  EXPECT_EQ(Lines{}, catalog.find("c")->info.wants);
  EXPECT_EQ((Lines{"d"}), catalog.find("c")->info.after);
  EXPECT_EQ(Lines{}, catalog.find("d")->info.before);
}

TEST(References, OfAProxyToABrokenUnitKeepTheProxy) {
  const Catalog catalog = load({{"cable.toml", "[service]\n"},
                                {"init.toml", "[job]\n"},
                                proxy("web", "\":80\"",
                                      "[proxy.maintenance]\nuntil = \"init\"\n"
                                      "[[proxy.route]]\nprefix = \"/cable\"\nunit = \"cable\"\n")});

  EXPECT_EQ(2U, catalog.errors.size());
  EXPECT_EQ((Lines{"web"}), names(catalog));
  EXPECT_EQ("init", catalog.find("web")->proxy->maintenance_until);
  EXPECT_EQ("cable", catalog.find("web")->proxy->routes[0].unit);
}

TEST(Cycles, AreReportedAsAPath) {
  const Catalog catalog = load({unit("a", "requires = [\"b\"]"), unit("b", "after = [\"c\"]"),
                                unit("c", "wants = [\"a\"]"), unit("d", "wants = [\"a\"]")});

  EXPECT_EQ((Lines{"a.toml:3:1: these units wait for each other: a -> b -> c -> a (a.toml:3: \"a\" "
                   "requires \"b\"; b.toml:3: \"b\" after \"c\"; c.toml:3: \"c\" wants \"a\")"}),
            messages(catalog));
  EXPECT_EQ((Lines{"d"}), names(catalog));
}

TEST(Cycles, MayGoThroughBefore) {
  EXPECT_EQ((Lines{"a.toml:3:1: these units wait for each other: a -> b -> a (b.toml:4: \"b\" "
                   "before \"a\"; b.toml:4: \"b\" requires \"a\")"}),
            errors_of({unit("a", ""), unit("b", "before = [\"a\"]\nrequires = [\"a\"]")}));
}

TEST(Cycles, MayBeOfOneUnit) {
  EXPECT_EQ((Lines{"a.toml:3:1: these units wait for each other: a -> a (a.toml:3: \"a\" after "
                   "\"a\")"}),
            errors_of({unit("a", "after = [\"a\"]")}));
}

TEST(Cycles, AreAllReported) {
  EXPECT_EQ(2U, errors_of({unit("a", "after = [\"b\"]"), unit("b", "after = [\"a\"]"),
                           unit("c", "after = [\"d\"]"), unit("d", "after = [\"c\"]")})
                    .size());
}

TEST(Cycles, AreNoneInALongChain) {
  std::vector<File> files{unit("u0", "")};
  for (int i = 1; i < 2'000; ++i) {
    files.push_back(
        unit("u" + std::to_string(i), "requires = [\"u" + std::to_string(i - 1) + "\"]"));
  }

  EXPECT_EQ(Lines{}, errors_of(files));
}

TEST(Cycles, OfFailuresAreReportedAsAPath) {
  EXPECT_EQ((Lines{"a.toml:3:1: these units start each other by failing: a -> b -> c -> a "
                   "(a.toml:3: \"a\" on_failure \"b\"; b.toml:3: \"b\" on_failure \"c\"; "
                   "c.toml:3: \"c\" requires \"a\")"}),
            errors_of({unit("a", "on_failure = [\"b\"]"), unit("b", "on_failure = [\"c\"]"),
                       unit("c", "requires = [\"a\"]")}));
  EXPECT_EQ(Lines{}, errors_of({unit("a", "on_failure = [\"b\"]"), unit("b", "after = [\"a\"]")}));
}

TEST(References, MayNotBeToTheUnitItself) {
  EXPECT_EQ((Lines{"a.toml:2:14: conflicts \"a\", which is the unit itself",
                   "b.toml:2:12: part_of \"b\", which is the unit itself",
                   "c.toml:2:15: on_failure \"c\", which is the unit itself",
                   "t@.toml:2:14: conflicts \"t@x\", which is the unit itself"}),
            errors_of({unit("a", "conflicts = [\"a\"]"),
                       unit("b", "part_of = [\"b\"]"),
                       unit("c", "on_failure = [\"c\"]"),
                       unit("t@", "conflicts = [\"t@x\"]"),
                       {"i.toml", "[instances.t]\nx = {}\n"}}));
}

TEST(References, ToABrokenUnitGoFromConflictsPartOfAndOnFailure) {
  const Catalog catalog =
      load({{"b.toml", "[service]\n"},
            unit("a", "conflicts = [\"b\"]\npart_of = [\"b\"]\non_failure = [\"b\"]")});

  ASSERT_EQ((Lines{"a"}), names(catalog));
  EXPECT_EQ(Lines{}, catalog.find("a")->info.conflicts);
  EXPECT_EQ(Lines{}, catalog.find("a")->info.part_of);
  EXPECT_EQ(Lines{}, catalog.find("a")->info.on_failure);
}

TEST(Conflicts, OfTwoUnitsThatStartAtBootAreAnErrorOnce) {
  const Catalog catalog = load({unit("a", "conflicts = [\"z\", \"b\"]"),
                                unit("b", "conflicts = [\"a\"]"), unit("z", "start = \"demand\"")});

  EXPECT_EQ((Lines{"a.toml:2:19: conflicts \"b\", but both start at boot"}), messages(catalog));
  EXPECT_EQ((Lines{"b", "z"}), names(catalog));
}

TEST(Conflicts, CountWhatTheBootPullsIn) {
  EXPECT_EQ((Lines{"a.toml:3:14: conflicts \"b\", but both start at boot (app -> a; b)"}),
            errors_of({unit("a", "start = \"demand\"\nconflicts = [\"b\"]"), unit("b", ""),
                       unit("app", "wants = [\"a\"]")}));
}

TEST(Conflicts, AreNoneAtBootWithAJobThatRunsOnDemand) {
  EXPECT_EQ(Lines{}, errors_of({unit("a", "conflicts = [\"j\"]"),
                                {"j.toml", "[job]\ncommand = \"x\"\non = \"manual\"\n"}}));
}

TEST(Conflicts, AreAnErrorWithWhatIsPulledIn) {
  EXPECT_EQ((Lines{"a.toml:3:14: conflicts \"c\", which it pulls in (a -> b -> c)"}),
            errors_of({unit("a", "requires = [\"b\"]\nconflicts = [\"c\"]"),
                       unit("b", "requires = [\"c\"]"), unit("c", "")}));
  EXPECT_EQ((Lines{"c.toml:2:14: conflicts \"a\", which pulls it in (a -> b -> c)"}),
            errors_of({unit("a", "requires = [\"b\"]"), unit("b", "wants = [\"c\"]"),
                       unit("c", "conflicts = [\"a\"]")}));
}

TEST(Conflicts, CannotBePulledInTogether) {
  EXPECT_EQ((Lines{"app.toml:4:1: pulls in two units in conflict (app -> b -> c, app -> a)"}),
            errors_of({unit("a", "start = \"demand\""),
                       unit("b", "requires = [\"c\"]\nstart = \"manual\""),
                       unit("c", "conflicts = [\"a\"]\nstart = \"demand\""),
                       unit("app", "requires = [\"a\", \"b\"]\nstart = \"manual\"")}));
}

TEST(Conflicts, OfATemplateAreItsInstances) {
  EXPECT_EQ((Lines{"t@.toml:2:14: conflicts \"a\", but both start at boot"}),
            errors_of({unit("t@", "conflicts = [\"a\"]"),
                       unit("a", ""),
                       {"i.toml", "[instances.t]\nx = {}\ny = {}\n"}}));
}

TEST(MainUnits, AreAtMostOne) {
  const Catalog catalog = load({unit("a", "main = true"), unit("b", "main = true")});

  EXPECT_EQ((Lines{"b.toml:3:1: is \"main\", but so is \"a\" (a.toml:3:1): only one unit's end is "
                   "the container's"}),
            messages(catalog));
  EXPECT_EQ((Lines{"a"}), names(catalog));
}

TEST(Tenants, AreNeitherMainNorEssential) {
  const File tenant{"t@.toml",
                    "[unit]\nmain = true\nessential = true\n[tenant]\ncommand = \"x\"\n"};
  EXPECT_EQ((Lines{"i.toml:2:1: a tenant cannot be \"essential\": it never fails for good",
                   "i.toml:2:1: a tenant cannot be \"main\": it comes and goes with its requests"}),
            errors_of({tenant, {"i.toml", "[instances.t]\nx = {}\n"}}));
}

TEST(TenantPaths, BelongToOneTenant) {
  const Catalog catalog =
      load({{"t@.toml", "[tenant]\ncommand = \"x\"\n"},
            {"a.toml",
             "[[instance]]\ntemplate = \"t\"\nname = \"a\"\npath = \"/x/\"\n"
             "[[instance]]\ntemplate = \"t\"\nname = \"b\"\npath = \"/x/\"\n"
             "hosts = [\"h\"]\n"
             "[[instance]]\ntemplate = \"t\"\nname = \"c\"\npath = \"/x/\"\n"}});

  EXPECT_EQ((Lines{"a.toml:12:8: the path \"/x/\" is taken by \"t@a\" (a.toml:3:8)"}),
            messages(catalog));
  EXPECT_EQ((Lines{"t@a", "t@b"}), names(catalog));
}

TEST(TenantPaths, MayDifferByHost) {
  EXPECT_EQ((Lines{"i.toml:3:1: the path \"h/x/\" is taken by \"t@a\" (i.toml:2:1)"}),
            errors_of({{"t@.toml",
                        "[tenant]\ncommand = \"x\"\npath = \"/x/\"\nhosts = [\"${h}\"]\n"
                        "vars = [\"h\"]\n"},
                       {"i.toml",
                        "[instances.t]\na = { h = \"h\" }\nb = { h = \"h\" }\n"
                        "c = { h = \"g\" }\n"}}));
}

TEST(Terminals, AreOneUnitsEachUnlessTheOtherIsInConflict) {
  const auto on_terminal = [](const std::string& name, const std::string& unit,
                              const std::string& kind = "service") {
    return std::pair(name + ".toml", "[" + kind + "]\ncommand = \"x\"\n[process]\n" +
                                         "tty = \"/dev/tty1\"\n[unit]\nstart = \"manual\"\n" +
                                         unit);
  };
  EXPECT_EQ(
      (Lines{"b.toml:1:1: the terminal \"/dev/tty1\" is taken by \"a\" (a.toml:1:1)"}),
      errors_of({on_terminal("a", "conflicts = [\"d\"]"), on_terminal("b", "conflicts = [\"d\"]"),
                 on_terminal("c", "", "job"), on_terminal("d", "")}));
}

TEST(Listeners, HaveOneAddressEach) {
  EXPECT_EQ((Lines{"b.toml:1:1: the address \"127.0.0.1:80\" is taken by \"a\" (a.toml:1:1)",
                   "d.toml:1:1: the address \":81\" is taken by \"c\" (c.toml:1:1)",
                   "f.toml:1:1: the address \"unix:/x\" is taken by \"e\" (e.toml:1:1)"}),
            errors_of({proxy("a", "\":80\""),
                       proxy("b", "\"127.0.0.1:80\""),
                       proxy("c", "[\":82\", \"[::1]:81\"]"),
                       {"d.toml", "[service]\ncommand = \"x\"\naddress = \":81\"\n"},
                       proxy("e", "\"unix:/x\""),
                       proxy("f", "\"unix:/x\"")}));
}

TEST(Listeners, MayDifferByHost) {
  EXPECT_EQ(Lines{}, errors_of({proxy("a", "\"127.0.0.1:80\""), proxy("b", "\"127.0.0.2:80\"")}));
}

TEST(Listeners, OfServicesHaveTheirAddressesToThemselves) {
  EXPECT_EQ(
      (Lines{"b.toml:1:1: the address \"127.0.0.1:80\" is taken by \"a\" (a.toml:1:1)",
             "c.toml:1:1: the address \"unix:/x\" is taken by \"c\" (c.toml:1:1)",
             "i.toml:2:15: the address \":90\" is taken by \"t@1\" (i.toml:2:7)"}),
      errors_of(
          {proxy("a", "\":80\""),
           {"b.toml", "[service]\ncommand = \"x\"\nlisten = [\":81\", \"127.0.0.1:80\"]\n"},
           {"c.toml", "[service]\ncommand = \"x\"\nlisten = [\"unix:/x\", \"unix:/x\"]\n"},
           {"t@.toml", "[service]\ncommand = \"x\"\nlisten = \":90\"\n"},
           {"u@.toml", "[service]\ncommand = \"x\"\nlisten = \":${instance}\"\naddress = \":9\"\n"},
           {"i.toml", "[instances]\nt = { 1 = {}, 2 = {} }\nu = { 91 = {}, 92 = {} }\n"}}));
}

TEST(Listeners, MayBeTheAddressOfTheirService) {
  const Catalog catalog = load(
      {{"a.toml", "[service]\ncommand = \"x\"\nlisten = \":80\"\naddress = \"127.0.0.1:80\"\n"},
       {"b.toml",
        "[service]\ncommand = \"x\"\nlisten = [\":81\", \":82\"]\nready = { http = \"/\" }\n"}});

  EXPECT_EQ(Lines{}, messages(catalog));
  EXPECT_EQ(":81", format_address(*catalog.find("b")->service.address));
}

TEST(Listeners, AreWhatTheirFilesCanBe) {
  const std::string service = "[service]\ncommand = \"x\"\n";
  EXPECT_EQ(
      (Lines{
          "a.toml:1:1: \"listen\" gives \":80\" an owner or a mode, which only a Unix socket has",
          "b.toml:1:1: \"listen\" puts \"unix:/run/berth/units-run/b/s\" into ${run_dir}, "
          "which is emptied before each start",
          "c.toml:3:11: [[service.listen]] needs \"address\""}),
      errors_of({{"a.toml", service + "listen = [{ address = \":80\", mode = \"0600\" }]\n"},
                 {"b.toml", service + "listen = \"unix:${run_dir}/s\"\n"},
                 {"c.toml", service + "listen = [{ name = \"x\" }]\n"}}));
}

TEST(Proxies, AreChosenWhereThereAreSeveral) {
  const File one = proxy("one", "\":81\"");
  const File two = proxy("two", "\":82\"");
  const File chosen{"t@.toml", "[tenant]\ncommand = \"x\"\nproxy = \"two\"\n"};
  const File open{"t@.toml", "[tenant]\ncommand = \"x\"\n"};
  const File instances{"i.toml", "[instances.t]\na = {}\n"};

  EXPECT_EQ(Lines{}, errors_of({one, two, chosen, instances}));
  EXPECT_EQ(Lines{}, errors_of({one, open, instances}));
  EXPECT_EQ((Lines{"i.toml:2:1: needs \"proxy\": both \"one\" and \"two\" could serve it"}),
            errors_of({one, two, open, instances}));
  EXPECT_EQ((Lines{"t@.toml:3:9: proxy \"two\", which does not exist"}),
            errors_of({one, chosen, instances}));
}

Catalog load_with_stock(const std::vector<File>& admin, const std::vector<File>& stock) {
  std::vector<SourceFile> sources;
  for (const File& file : admin) {
    sources.push_back(testing::source(file));
  }
  for (const File& file : stock) {
    sources.push_back(testing::source(file, 2));
    sources.back().stock = true;
  }
  return load_catalog(sources, nullptr, testing::context());
}

TEST(StockUnits, AreInNobodysWayUntilUsed) {
  const std::vector<File> stock{proxy("web", "\":80\"", "[proxy.maintenance]\nuntil = \"init\"\n"),
                                {"init.toml", "[job]\ncommand = \"x\"\n"}};
  const Catalog unused = load_with_stock({proxy("front", "\":80\""), {"init.toml", ""}}, stock);
  const Catalog used =
      load_with_stock({proxy("front", "\":80\""), unit("a", "wants = [\"web\"]")}, stock);

  EXPECT_EQ(Lines{}, messages(unused));
  EXPECT_EQ((Lines{"front"}), names(unused));
  EXPECT_EQ((Lines{"web.toml:1:1: the address \":80\" is taken by \"front\" (front.toml:1:1)"}),
            messages(used));
}

TEST(StockUnits, AreInConflictOnlyWhenUsed) {
  const std::vector<File> stock{unit("b", "main = true\nconflicts = [\"a\"]")};

  EXPECT_EQ(Lines{}, messages(load_with_stock({unit("a", "main = true")}, stock)));
  EXPECT_EQ((Lines{"b.toml:3:14: conflicts \"a\", but both start at boot (c -> b; a)"}),
            messages(load_with_stock({unit("a", ""), unit("c", "wants = [\"b\"]")}, stock)));
}

TEST(StockUnits, AreUsedByWhatTheirStartAnswers) {
  EXPECT_EQ((Lines{"b.toml:3:1: is \"main\", but so is \"a\" (a.toml:4:1): only one unit's end is "
                   "the container's"}),
            messages(load_with_stock({unit("a", "main = true\non_failure = [\"b\"]")},
                                     {unit("b", "main = true")})));
}

TEST(StockUnits, AreMarked) {
  const Catalog catalog =
      load_with_stock({unit("a", ""), {"i.toml", "[instances.t]\nx = {}\n"}},
                      {unit("b", ""), {"t@.toml", "[tenant]\ncommand = \"x\"\n"}});

  EXPECT_EQ((std::map<std::string, bool>{{"a", false}, {"b", true}, {"t@x", false}}),
            catalog.stock);
}

TEST(CatalogChecks, AResumeIsWaitedForByAJobThatRunsThen) {
  EXPECT_EQ((testing::Lines{"web.toml:1:1: \"until_resume\" needs \"until\" to be a job that runs "
                            "on \"resume\""}),
            testing::errors_of({{"web.toml",
                                 "[proxy]\nlisten = \":80\"\n"
                                 "[proxy.maintenance]\nuntil = \"init\"\nuntil_resume = true\n"},
                                {"init.toml", "[job]\ncommand = \"x\"\n"}}));
}

TEST(CatalogChecks, OneProxyDecidesWhatBecomesOfTheMachine) {
  const std::string idle = "[proxy.idle]\ntimeout = \"1m\"\n";

  EXPECT_EQ((testing::Lines{"b.toml:1:1: has [proxy.idle], but so has \"a\" (a.toml:1:1): there is "
                            "one machine"}),
            testing::errors_of({{"a.toml", "[proxy]\nlisten = \":80\"\n" + idle},
                                {"b.toml", "[proxy]\nlisten = \":81\"\n" + idle}}));
  EXPECT_EQ(testing::Lines{"a.toml:3:1: [proxy.idle] needs \"timeout\""},
            testing::errors_of({{"a.toml", "[proxy]\nlisten = \":80\"\n[proxy.idle]\n"}}));
}

}  // namespace
}  // namespace berth
