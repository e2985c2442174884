// Every change of state is told, with its reason and its life; whoever does not read loses some.
#include "init/state_feed.h"

#include "tests/init/log_pipes.h"
#include "tests/init/manager_site.h"
#include "units/state_change.h"

namespace berth {
namespace {

class StateFeedTest : public ManagerTest {
 protected:
  StateFeedTest() {
    std::signal(SIGPIPE, SIG_IGN);
    manager_.set_watcher([this](UnitRuntime& unit, UnitState from) { feed_.tell(unit, from); });
    feed_.follow(std::move(pipe_.write_end));
  }

  std::vector<StateChange> changes() {
    std::vector<StateChange> changes;
    std::string text = take(pipe_.read_end.borrow());
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;
         text.erase(0, end + 1)) {
      const auto line = parse_feed_line(text.substr(0, end));
      EXPECT_TRUE(line) << text.substr(0, end);
      changes.push_back(std::get<StateChange>(*line));
    }
    return changes;
  }
  /// "redis waiting preparing".
  Words told() {
    Words words;
    for (const StateChange& change : changes())
      words.push_back(change.unit + ' ' + change.from + ' ' + change.to);
    return words;
  }

  os::Pipe pipe_ = test_pipe();
  StateFeed feed_{loop_, [this](const UnitRuntime& unit) { return manager_.waits_for(unit); }};
};

TEST_F(StateFeedTest, TellsEveryChange) {
  UnitRuntime& redis = add("redis");
  set_order();

  start(redis);

  EXPECT_EQ((Words{"redis inactive waiting", "redis waiting preparing", "redis preparing starting",
                   "redis starting running"}),
            told());
}

TEST_F(StateFeedTest, TellsWhatAUnitWaitsForAndWhyItFailed) {
  UnitRuntime& redis = add("redis");
  redis.unit.service.restart = Restart::never;
  actions_.hold(redis, Step::spawn);
  UnitRuntime& app = add_requiring("app", "redis");
  set_order();

  start(app);
  actions_.cannot_start(redis, "no such file");
  manager_.drain();

  std::string waits, failed;
  for (const StateChange& change : changes()) {
    if (change.unit == "app" && change.to == "waiting")
      waits = change.reason;
    if (change.unit == "redis" && change.to == "failed")
      failed = change.reason;
  }
  EXPECT_EQ("redis (waiting)", waits);
  EXPECT_EQ("no such file", failed);
}

TEST_F(StateFeedTest, NamesTheLifeOnceItHasBegun) {
  UnitRuntime& redis = add("redis");
  set_order();
  redis.life.invocation_id = "of the life before";
  actions_.hold(redis, Step::spawn);

  start(redis);
  redis.life.invocation_id = "of this life";
  actions_.ready(redis);
  manager_.drain();

  const auto told = changes();
  ASSERT_EQ(4U, told.size());
  EXPECT_EQ("", told[0].invocation_id);
  EXPECT_EQ("of this life", told[3].invocation_id);
}

TEST_F(StateFeedTest, CountsWhatASlowReaderLoses) {
  UnitRuntime& redis = add("redis");
  set_order();
  constexpr std::uint64_t kTold = 5'000;
  for (std::uint64_t i = 0; i < kTold; ++i)
    feed_.tell(redis, UnitState::waiting);
  std::string text = take(pipe_.read_end.borrow());
  loop_.run_once(std::chrono::milliseconds(0));
  feed_.tell(redis, UnitState::waiting);
  text += take(pipe_.read_end.borrow());

  std::uint64_t changes = 0;
  std::uint64_t dropped = 0;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
    const auto line = parse_feed_line(text.substr(0, end));
    ASSERT_TRUE(line) << text.substr(0, end);
    if (const auto* gap = std::get_if<ChangesDropped>(&*line))
      dropped += gap->count;
    else
      ++changes;
  }
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(kTold + 1, changes + dropped);
}

}  // namespace
}  // namespace berth
