// LogFiles with a real packet socket; the test is the process that writes.
#include "init/log_files.h"

#include <vector>

#include "init/os/packet_socket.h"
#include "tests/init/log_pipes.h"

namespace berth {
namespace {

using std::string_literals::operator""s;

class LogFilesTest : public LogTest {
 protected:
  LogFilesTest() {
    spec_.file = "/log/a";
    spec_.rotate_size = Bytes{100};
    spec_.rotate_keep = 3;
    files_.set_start([this]() -> Result<os::UniqueFd> {
      ++starts_;
      auto pair = os::packet_pair();
      writer_ = std::move(pair->second);
      return std::move(pair->first);
    });
  }
  void say(const std::string& text) {
    files_.add(spec_, {"redis", LogStream::out, text, clock_.wall_ms()}, Admission::if_room);
    files_.pump();
  }
  /// What the writer was sent, packet by packet.
  std::vector<std::string> packets() {
    std::vector<std::string> all;
    os::Packet packet;
    while (writer_.is_open() &&
           os::receive_packet(writer_.borrow(), 1 << 18, packet) == os::ReceiveOutcome::received)
      all.push_back(packet.bytes);
    return all;
  }

  LogSpec spec_;
  os::UniqueFd writer_;
  int starts_ = 0;
  LogFiles files_{loop_, [] {}};
};

const std::string kTime = "2023-11-14T22:13:20.123Z ";

TEST_F(LogFilesTest, StartsTheWriterWithTheFirstLineAndSendsItAll) {
  EXPECT_EQ(0, starts_);
  say("one");
  say("two");

  EXPECT_EQ(1, starts_);
  EXPECT_EQ((std::vector<std::string>{"100\0003\0/log/a\0"s + kTime + "[redis] one\n",
                                      "100\0003\0/log/a\0"s + kTime + "[redis] two\n"}),
            packets());
}

TEST_F(LogFilesTest, HasNothingToDoForAUnitWithoutAFile) {
  spec_.file.clear();
  say("one");

  EXPECT_EQ(0, starts_);
}

TEST_F(LogFilesTest, CountsWhatAWriterThatHangsDoesNotTake) {
  const std::string text(1'000, 'x');
  for (int i = 0; i < 2'000; ++i)
    say(text);
  EXPECT_FALSE(files_.has_room(spec_) && starts_ != 1);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    for (const std::string& packet : packets())
      all += packet;
    turn();
  }

  std::size_t lines = 0;
  for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1'000))
    ++lines;
  EXPECT_TRUE(all.ends_with("[berth] " + std::to_string(2'000 - lines) +
                            " lines dropped: the disk is stalled\n"))
      << all.substr(all.size() - 200);
}

TEST_F(LogFilesTest, StartsAWriterThatHasEndedAgainAfterAPause) {
  say("one");
  packets();
  writer_.reset();
  turn();
  say("two");
  EXPECT_EQ(1, starts_);
  clock_.advance(std::chrono::seconds(1));
  turn();

  EXPECT_EQ(2, starts_);
  EXPECT_EQ(1, packets().size());
}

}  // namespace
}  // namespace berth
