// LogSocket with a real Unix socket, whose other end the test holds.
#include "init/log_socket.h"

#include <cstdlib>
#include <filesystem>

#include "init/os/socket.h"
#include "tests/init/log_pipes.h"

namespace berth {
namespace {

class LogSocketTest : public LogTest {
 protected:
  LogSocketTest() {
    char folder[] = "/tmp/berth-log-socket-XXXXXX";
    folder_ = ::mkdtemp(folder);
    path_ = folder_ + "/log.sock";
  }
  ~LogSocketTest() override { std::filesystem::remove_all(folder_); }

  os::UniqueFd listen() {
    Address address;
    address.family = Address::Family::unix_socket;
    address.path = path_;
    auto listener = os::listen_on(address);
    EXPECT_TRUE(listener.has_value());
    return *std::move(listener);
  }
  void say(const std::string& text, const std::string& unit = "redis") {
    log_.add(unit, {unit, LogStream::out, text, clock_.wall_ms()});
    log_.pump();
  }
  static std::string json(const std::string& text, const std::string& unit = "redis") {
    return R"({"@timestamp":"2023-11-14T22:13:20.123Z","source":")" + unit +
           R"(","stream":"stdout","message":")" + text + "\"}\n";
  }
  void pass(std::chrono::milliseconds time) {
    clock_.advance(time);
    turn();
  }

  std::string folder_, path_;
  LogSocket log_{loop_};
};

TEST_F(LogSocketTest, SendsJsonWhateverTheFormatOfTheUnit) {
  const os::UniqueFd listener = listen();
  log_.set_path(path_);
  say("one");
  const os::UniqueFd reader = os::accept_on(listener.borrow());

  EXPECT_EQ(json("one"), take(reader.borrow()));
}

TEST_F(LogSocketTest, WaitsForWhoeverListensLater) {
  log_.set_path(path_);
  say("one");
  const os::UniqueFd listener = listen();
  pass(std::chrono::milliseconds(100));
  const os::UniqueFd reader = os::accept_on(listener.borrow());
  ASSERT_TRUE(reader.is_open());

  EXPECT_EQ(json("one"), take(reader.borrow()));
}

TEST_F(LogSocketTest, ConnectsAgainWhenTheOtherEndHasGone) {
  const os::UniqueFd listener = listen();
  log_.set_path(path_);
  os::UniqueFd reader = os::accept_on(listener.borrow());
  reader.reset();
  turn();
  say("one");
  pass(std::chrono::milliseconds(100));
  reader = os::accept_on(listener.borrow());
  ASSERT_TRUE(reader.is_open());

  EXPECT_EQ(json("one"), take(reader.borrow()));
}

TEST_F(LogSocketTest, BeginsANewConnectionWithAWholeLine) {
  const os::UniqueFd listener = listen();
  log_.set_path(path_);
  os::UniqueFd reader = os::accept_on(listener.borrow());
  // Lines longer than what the kernel takes at once: six bytes for each of these.
  for (int i = 0; i < 10; ++i)
    say(std::string(16'000, '\x01'), std::to_string(i));
  const std::string first = take(reader.borrow());
  EXPECT_FALSE(first.ends_with('\n'));
  reader.reset();
  turn();
  pass(std::chrono::milliseconds(100));
  reader = os::accept_on(listener.borrow());
  ASSERT_TRUE(reader.is_open());

  EXPECT_TRUE(take(reader.borrow()).starts_with("{\"@timestamp\""));
}

TEST_F(LogSocketTest, CountsWhatDoesNotFit) {
  log_.set_path(path_);
  const std::string text(1'000, 'x');
  for (int i = 0; i < 100; ++i)
    say(text);
  const os::UniqueFd listener = listen();
  pass(std::chrono::milliseconds(100));
  const os::UniqueFd reader = os::accept_on(listener.borrow());
  std::string all;
  for (std::string more = take(reader.borrow()); !more.empty(); more = take(reader.borrow())) {
    all += more;
    turn();
  }

  const std::size_t kept = kUnitQueueLimit / json(text).size();
  EXPECT_TRUE(all.ends_with("\"" + std::to_string(100 - kept) +
                            " lines dropped: the socket is stalled\"}\n"))
      << all.substr(all.size() - 300);
}

TEST_F(LogSocketTest, SaysOnceThatNobodyListensAndThatItIsBack) {
  struct Sink final : LogSink {
    void berth_line(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
    std::vector<std::string> lines;
  } sink;
  set_log_sink(&sink);
  log_.set_path(path_);
  for (int i = 0; i < 20; ++i)
    pass(std::chrono::seconds(5));
  const os::UniqueFd listener = listen();
  for (int i = 0; i < 4; ++i)
    pass(std::chrono::seconds(5));
  set_log_sink(nullptr);

  EXPECT_EQ((std::vector<std::string>{
                "log socket " + path_ + ": connect unix:" + path_ +
                    ": No such file or directory; what does not fit until then is lost",
                "log socket " + path_ + ": connected"}),
            sink.lines);
}

}  // namespace
}  // namespace berth
