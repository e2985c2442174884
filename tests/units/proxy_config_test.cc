// The route table that a proxy is handed.
#include "units/proxy_config.h"

#include <gtest/gtest.h>

#include "tests/units/load.h"
#include "units/wire.h"

namespace berth {
namespace {

using testing::File;

constexpr const char* kWeb = "[proxy]\nlisten = \":8080\"\n";
constexpr const char* kTenant = "[tenant]\ncommand = \"puma\"\n";

ProxyConfig config_of(const std::vector<File>& files, const std::string& proxy = "web",
                      bool maintenance = false) {
  const Catalog catalog = testing::load(files);
  EXPECT_EQ(testing::Lines{}, testing::messages(catalog));
  std::vector<const Unit*> units;
  for (const auto& [name, unit] : catalog.units)
    units.push_back(&unit);
  return make_proxy_config(*catalog.find(proxy), units, maintenance);
}

TEST(ProxyConfig, HoldsEachTenantWithItsPlaceAndItsWaitingRoom) {
  const ProxyConfig config = config_of(
      {{"web.toml", kWeb},
       {"tenant@.toml",
        std::string(kTenant) +
            "path = \"/shows/${instance}/\"\nidle_timeout = \"1m\"\nhold = \"3s\"\nqueue = 7\n"
            "count_websockets = false\nauth = false\nmax_requests = 5\n"
            "public = [\"/up\"]\nhosts = [\"${instance}.example.org\"]\n"},
       {"all.toml", "[instances.tenant]\nboston = {}\nraleigh = {}\n"}});

  ASSERT_EQ(2U, config.backends.size());
  EXPECT_EQ(
      (Backend{"tenant@boston", Milliseconds(60'000), Milliseconds(3'000), 7, false, 5, {}, 0}),
      config.backends[0]);
  ASSERT_EQ(2U, config.tenants.size());
  EXPECT_EQ(1U, config.tenants[1].backend);
  EXPECT_EQ("/shows/raleigh/", config.tenants[1].path);
  EXPECT_EQ(std::vector<std::string>{"raleigh.example.org"}, config.tenants[1].hosts);
  EXPECT_FALSE(config.tenants[1].auth);
  EXPECT_EQ(std::vector<std::string>{"/up"}, config.tenants[1].public_paths);
}

TEST(ProxyConfig, WantsTlsWhole) {
  const auto problem = [](std::string_view tls) {
    return testing::errors_of({{"web.toml", std::string("[proxy]\nlisten = [\":80\", \":443\"]\n"
                                                        "[proxy.tls]\n") +
                                                std::string(tls)}});
  };

  EXPECT_EQ(testing::Lines{"web.toml:3:1: [proxy.tls] needs \"key\""},
            problem("certificate = \"/c\"\n"));
  EXPECT_EQ(testing::Lines{"web.toml:3:1: [proxy.tls] needs \"certificate\""},
            problem("key = \"/k\"\n"));
  EXPECT_EQ(testing::Lines{"web.toml:1:1: \"listen\" in [proxy.tls] names :8443, which is not in "
                           "\"listen\" of [proxy]"},
            problem("certificate = \"/c\"\nkey = \"/k\"\nlisten = [\":443\", \":8443\"]\n"));
}

TEST(ProxyConfig, HoldsAServiceOnceForAllItsRoutes) {
  const ProxyConfig config =
      config_of({{"web.toml", std::string(kWeb) +
                                  "[[proxy.route]]\nprefix = \"/cable\"\nunit = \"cable\"\n"
                                  "[[proxy.route]]\nprefix = \"/chat\"\nunit = \"chat\"\n"
                                  "[[proxy.route]]\nprefix = \"/socket\"\nunit = \"cable\"\n"},
                 {"cable.toml", "[service]\ncommand = \"cable\"\naddress = \":28080\"\n"},
                 {"chat.toml", "[service]\ncommand = \"chat\"\naddress = \":28081\"\n"}});

  ASSERT_EQ(2U, config.backends.size());
  EXPECT_EQ("cable", config.backends[0].unit);
  EXPECT_EQ(Milliseconds(0), config.backends[0].idle_timeout);
  EXPECT_EQ(Milliseconds(30'000), config.backends[0].hold);
  EXPECT_EQ("chat", config.backends[1].unit);
  EXPECT_EQ((std::vector<std::uint32_t>{0, 1, 0}), config.route_backends);
}

TEST(ProxyConfig, LeavesTenantsOfAnotherProxyOut) {
  const std::vector<File> files{
      {"web.toml", kWeb},
      {"inner.toml", "[proxy]\nlisten = \":8081\"\n"},
      {"tenant@.toml", std::string(kTenant) + "proxy = \"inner\"\n"},
      {"all.toml", "[instances.tenant]\nboston = {}\n"},
  };

  EXPECT_EQ(0U, config_of(files, "web").tenants.size());
  EXPECT_EQ(1U, config_of(files, "inner").tenants.size());
}

TEST(ProxyConfig, TellsOfTheMaintenance) {
  EXPECT_FALSE(config_of({{"web.toml", kWeb}}, "web", false).maintenance);
  EXPECT_TRUE(config_of({{"web.toml", kWeb}}, "web", true).maintenance);
}

TEST(ProxyConfig, TravelsWhole) {
  ProxyConfig config = config_of(
      {{"web.toml", std::string(kWeb) +
                        "trust_proxy = [\"10.0.0.0/8\", \"::1\"]\n"
                        "[proxy.static]\nroot = \"/srv\"\nextensions = [\"css\"]\n"
                        "[[proxy.static.cache]]\npath = \"/assets/\"\nmax_age = \"1y\"\n"},
       {"tenant@.toml", kTenant},
       {"all.toml", "[instances.tenant]\nboston = {}\n"}});
  config.generation = 7;

  const auto arrived = wire::decode<ProxyConfig>(wire::encode(config));

  ASSERT_TRUE(arrived.has_value());
  EXPECT_EQ(config, *arrived);
}

TEST(ProxyConfig, LetsGoOfAServiceThatStopsWhenItIsIdle) {
  const ProxyConfig config = config_of(
      {{"web.toml", std::string(kWeb) + "[[proxy.route]]\nprefix = \"/cable\"\nunit = \"cable\"\n"},
       {"cable.toml",
        "[unit]\nstart = \"demand\"\n[service]\ncommand = \"cable\"\n"
        "address = \":28080\"\nidle_timeout = \"5m\"\n"}});

  ASSERT_EQ(1U, config.backends.size());
  EXPECT_EQ(Milliseconds(1'000), config.backends[0].idle_timeout);
}

TEST(ProxyConfig, HoldsATargetOnceForAllItsRoutes) {
  const ProxyConfig config = config_of(
      {{"web.toml", std::string(kWeb) +
                        "[[proxy.route]]\npath = \"^/a/(.*)$\"\ntarget = \"http://h:81/$1\"\n"
                        "[[proxy.route]]\nprefix = \"/b\"\ntarget = \"http://h:81\"\n"
                        "[[proxy.route]]\nprefix = \"/c\"\ntarget = \"http://[::1]/\"\n"}});

  ASSERT_EQ(2U, config.backends.size());
  EXPECT_EQ("h:81", config.backends[0].unit);
  EXPECT_EQ("h", config.backends[0].target_host);
  EXPECT_EQ(81, config.backends[0].target_port);
  EXPECT_EQ("[::1]:80", config.backends[1].unit);
  EXPECT_EQ("::1", config.backends[1].target_host);
  EXPECT_EQ((std::vector<std::uint32_t>{0, 0, 1}), config.route_backends);
}

TEST(ProxyConfig, HoldsATargetByHttpsApartFromTheSameByHttp) {
  const ProxyConfig config = config_of(
      {{"web.toml", std::string(kWeb) +
                        "[[proxy.route]]\nprefix = \"/a\"\ntarget = \"https://h/x\"\n"
                        "[[proxy.route]]\nprefix = \"/b\"\ntarget = \"http://h:443\"\n"
                        "[[proxy.route]]\nprefix = \"/c\"\ntarget = \"https://h:8443\"\n"}});

  ASSERT_EQ(3U, config.backends.size());
  EXPECT_EQ("https://h:443", config.backends[0].unit);
  EXPECT_EQ(443, config.backends[0].target_port);
  EXPECT_TRUE(config.backends[0].target_secure);
  EXPECT_EQ("/x", config.spec.routes[0].target.path);
  EXPECT_EQ("h:443", config.backends[1].unit);
  EXPECT_FALSE(config.backends[1].target_secure);
  EXPECT_EQ("https://h:8443", config.backends[2].unit);
}

}  // namespace
}  // namespace berth
