// What a proxy is told when it does not read, and when it speaks nonsense.
#include "init/proxy_links.h"

#include "tests/init/leases_site.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

constexpr int kMoreThanFits = 5'000;

class ProxyLinksTest : public LeasesTest {
 protected:
  /// From now on nothing more goes out until the proxy reads.
  void fill() {
    for (int i = 0; i < kMoreThanFits; ++i) {
      const std::string unit = "filler-" + std::to_string(i);
      links_.send("web", unit, control::Refused{unit, Milliseconds(1), "full"});
    }
  }
  void send(const control::ToProxy& message) { links_.send("web", "boston", message); }
  /// All that comes in the end about that unit.
  Words heard_of_boston() {
    Words about;
    for (Words words = web_.heard(); !words.empty(); words = web_.heard()) {
      for (const std::string& word : words)
        if (word.find("boston") != std::string::npos)
          about.push_back(word);
      turn();
    }
    return about;
  }

  const control::Granted first_life_{"boston", 1, Address{Address::Family::tcp, "", 4000, ""}};
  const control::Granted second_life_{"boston", 2, Address{Address::Family::tcp, "", 4001, ""}};
};

TEST_F(ProxyLinksTest, KeepsOnlyTheLatestOfWhatIsUnsentAboutAUnit) {
  fill();
  send(control::Ending{"boston", 1, Milliseconds(0)});
  send(second_life_);

  EXPECT_EQ(Words{"granted boston, life 2, at :4001"}, heard_of_boston());
}

TEST_F(ProxyLinksTest, TurnsAGrantThatWasNeverHeardIntoARefusalWhenTheLifeEnds) {
  fill();
  send(first_life_);
  send(control::Ending{"boston", 1, Milliseconds(10'000)});

  EXPECT_EQ(Words{"refused boston for 0s: it ended"}, heard_of_boston());
}

TEST_F(ProxyLinksTest, DoesNotAskBackAGrantThatWasNeverHeard) {
  fill();
  send(first_life_);
  send(control::Revoke{"boston", 1});

  EXPECT_EQ(Words{"granted boston, life 1, at :4000"}, heard_of_boston());
}

TEST_F(ProxyLinksTest, ReportsAProxyThatDoesNotReadForFiveSeconds) {
  fill();

  pass(milliseconds(4'999));
  EXPECT_EQ(Words{}, replaced_);
  pass(milliseconds(1));

  EXPECT_EQ(Words{"web"}, replaced_);
}

TEST_F(ProxyLinksTest, LeavesAProxyAloneThatReadsLate) {
  fill();
  pass(milliseconds(4'000));
  heard_of_boston();

  pass(milliseconds(60'000));

  EXPECT_EQ(Words{}, replaced_);
}

TEST_F(ProxyLinksTest, ClosesTheLinkOfAProxyThatSpeaksNonsenseAndReplacesIt) {
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, web_);

  web_.say_bytes("nonsense");
  turn();

  EXPECT_FALSE(leases_.held(boston));
  EXPECT_TRUE(web_.is_closed());
  EXPECT_EQ(Words{"web"}, replaced_);
}

TEST_F(ProxyLinksTest, TellsFiguresButNotAllTheTime) {
  int taken = 0;
  links_.set_figures([&] {
    ++taken;
    return SystemFigures{};
  });
  for (int i = 0; i < 3; ++i)
    web_.say(control::WantFigures{});
  turn();
  EXPECT_EQ(Words{"figures"}, web_.heard());
  pass(milliseconds(100));
  web_.say(control::WantFigures{});
  turn();

  EXPECT_EQ(Words{"figures"}, web_.heard());
  EXPECT_EQ(2, taken);
}

TEST_F(ProxyLinksTest, TellsBothProcessesOfAProxyTheRouteTable) {
  FakeProxy earlier(links_, ProxyLinks::link_of("web", 3));
  FakeProxy next(links_, ProxyLinks::link_of("web", 4));
  FakeProxy other(links_, ProxyLinks::link_of("web2", 5));

  links_.configure("web", ProxyConfig{});
  ProxyConfig config;
  config.maintenance = true;
  links_.configure("web", config);

  EXPECT_EQ("configure 1", earlier.heard().front());
  EXPECT_EQ("configure 1", next.heard().front());
  EXPECT_EQ(Words{}, other.heard());
}

TEST_F(ProxyLinksTest, KeepsALeaseUntilBothProcessesHaveReturnedIt) {
  FakeProxy earlier(links_, ProxyLinks::link_of("web", 3));
  FakeProxy next(links_, ProxyLinks::link_of("web", 4));
  UnitRuntime& boston = tenant("tenant@boston");
  start_leased(boston, earlier);
  acquire(next, boston);
  EXPECT_EQ(Words{"granted tenant@boston, life 1, at unix:/run/tenant@boston"}, next.heard());

  give_back(next, boston, Milliseconds(0));
  EXPECT_TRUE(leases_.held(boston));
  earlier.hang_up();
  turn();

  EXPECT_FALSE(leases_.held(boston));
}

TEST_F(ProxyLinksTest, TellsANewProcessTheLastRouteTable) {
  ProxyConfig config;
  config.maintenance = true;
  links_.configure("web", config);
  EXPECT_EQ(Words{"configure 1"}, web_.heard());
  links_.configure("web", config);
  EXPECT_EQ(Words{}, web_.heard()) << "it is the same";

  FakeProxy again(links_, "web");

  EXPECT_EQ(Words{"configure 1"}, again.heard());
  EXPECT_TRUE(again.table()->maintenance);
}

}  // namespace
}  // namespace berth
