// A reader that stalls costs lines, never time; and the units share what there is.
#include "init/output.h"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "init/os/writer_process.h"
#include "tests/init/log_pipes.h"

namespace berth {
namespace {

class OutputTest : public LogTest {
 protected:
  void say(const std::string& unit, const std::string& text) {
    out_.add(unit, LogFormat::prefix, {unit, LogStream::out, text, clock_.wall_ms()});
  }
  static std::size_t count(const std::string& text, const std::string& wanted) {
    std::size_t found = 0;
    for (std::size_t at = text.find(wanted); at != std::string::npos;
         at = text.find(wanted, at + 1))
      ++found;
    return found;
  }

  Output out_{loop_, std::move(output_.write_end), [] {}};
};

TEST_F(OutputTest, WritesLinesInOrder) {
  say("redis", "one");
  say("cable", "two");
  say("redis", "three");
  out_.pump();

  EXPECT_EQ("[redis] one\n[redis] three\n[cable] two\n", written());
  EXPECT_EQ(0, out_.queued());
}

TEST_F(OutputTest, KeepsABoundedQueueWhileTheReaderIsStalled) {
  for (int i = 0; i < 100'000; ++i)
    say("flood", "line " + std::to_string(i));

  EXPECT_LE(out_.queued(), kUnitQueueLimit);
}

TEST_F(OutputTest, SaysHowManyLinesWereDropped) {
  constexpr int kLines = 100'000;
  for (int i = 0; i < kLines; ++i)
    say("flood", "line " + std::to_string(i));

  const std::string all = written_to_the_end();

  const std::size_t shown = count(all, "[flood] line ");
  EXPECT_TRUE(all.ends_with("[flood] " + std::to_string(kLines - shown) +
                            " lines dropped: standard output is stalled\n"));
  EXPECT_EQ(
      "[flood] line " + std::to_string(shown - 1) + "\n",
      "[flood]" + all.substr(all.rfind(" line "), all.rfind("[flood]") - all.rfind(" line ")));
}

TEST_F(OutputTest, TellsTheLossBeforeAnythingNewer) {
  for (int i = 0; i < 100'000; ++i)
    say("flood", "line");
  std::string all = written();
  for (int i = 0; i < 3; ++i)
    say("other", std::string(8000, 'x'));
  turn();  // the pipe is full again, with less than half of the flood's lines left
  say("flood", "after");
  all += written_to_the_end();

  const std::size_t after = all.find("[flood] after\n");
  ASSERT_NE(std::string::npos, after);
  EXPECT_TRUE(all.substr(0, after).ends_with(" lines dropped: standard output is stalled\n"));
}

TEST_F(OutputTest, TakesALineThatIsLongerThanAQueue) {
  out_.add("x", LogFormat::json, {"x", LogStream::out, std::string(16'000, '\1'), 0});
  out_.pump();

  EXPECT_EQ(16'000, count(written_to_the_end(), "\\u0001"));
}

TEST_F(OutputTest, HasAReserveForWhatBerthSaysOfAUnitThatLosesNothing) {
  const LineView line{"a", LogStream::out, "line", 0};
  const LineView word{"a", LogStream::berth, "word", 0};
  say("a", "begins");
  while (out_.has_room("a"))
    out_.add("a", LogFormat::prefix, line, Admission::always);
  for (int i = 0; i < 10; ++i)
    out_.add("a", LogFormat::prefix, word, Admission::from_reserve);
  EXPECT_EQ(10, count(written_to_the_end(), " word\n"));
}

TEST_F(OutputTest, BoundsTheReserve) {
  const LineView word{"a", LogStream::berth, "word", 0};
  for (int i = 0; i < 100'000; ++i)
    out_.add("a", LogFormat::prefix, word, Admission::from_reserve);
  EXPECT_LE(out_.queued(), 2 * kUnitQueueLimit + 100);
}

TEST_F(OutputTest, LetsAQuietUnitThroughAFlood) {
  for (int i = 0; i < 100'000; ++i)
    say("flood", "line");
  say("quiet", "here I am");
  written();  // one pipe's worth
  turn();

  const std::string next = written();
  EXPECT_EQ(1, count(next, "[quiet] here I am\n"));
  EXPECT_LT(next.find("[quiet]"), 32U * 1024);
}

TEST_F(OutputTest, NeverTearsALine) {
  const std::string text(5000, 'x');
  for (int i = 0; i < 100; ++i) {
    say("a", text);
    say("b", text);
  }

  std::string all = written_to_the_end();

  for (std::size_t start = 0; start < all.size();) {
    const std::size_t end = all.find('\n', start);
    ASSERT_NE(std::string::npos, end);
    const std::string line = all.substr(start, end - start);
    EXPECT_TRUE(line == "[a] " + text || line == "[b] " + text || line.ends_with("is stalled"));
    start = end + 1;
  }
}

TEST_F(OutputTest, BoundsTheQueuesOfAllUnitsTogether) {
  for (int unit = 0; unit < 100; ++unit)
    for (int i = 0; i < 1000; ++i)
      say("unit" + std::to_string(unit), std::string(100, 'x'));

  EXPECT_LE(out_.queued(), kOutputQueueLimit);
}

TEST_F(OutputTest, DiscardsEverythingOnceNobodyReads) {
  output_.read_end.reset();
  say("redis", "one");
  out_.pump();
  say("redis", "two");
  turn();

  EXPECT_EQ(0, out_.queued());
}

TEST_F(OutputTest, NoticesTheEndOfAStalledReader) {
  for (int i = 0; i < 100'000; ++i)
    say("flood", "line");
  output_.read_end.reset();
  turn();

  EXPECT_EQ(0, out_.queued());
}

TEST_F(OutputTest, WaitsAtTheEndForNoLongerThanItsLimit) {
  os::SystemClock clock;
  os::EventLoop loop(clock);
  os::Pipe pipe = test_pipe();
  Output out(loop, std::move(pipe.write_end), [] {});
  for (int i = 0; i < 100'000; ++i)
    out.add("flood", LogFormat::raw, {"flood", LogStream::out, "line", 0});
  const os::TimePoint start = clock.now();

  out.finish(std::chrono::milliseconds(20));

  const auto took = clock.now() - start;
  EXPECT_GE(took, std::chrono::milliseconds(20));
  EXPECT_LT(took, std::chrono::seconds(5));
  EXPECT_FALSE(take(pipe.read_end.borrow()).empty());
  EXPECT_TRUE(is_at_end(pipe.read_end.borrow()));
}

TEST_F(OutputTest, WritesToAFileThatCannotBeWatched) {
  std::string path = testing::TempDir() + "berth-output-XXXXXX";
  os::UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
  const os::UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ::unlink(path.c_str());
  Output out(loop_, std::move(file), [] {});
  for (int i = 0; i < 100'000; ++i)
    out.add("flood", LogFormat::raw, {"flood", LogStream::out, "line", 0});
  out.pump();

  EXPECT_EQ(100'000, count(take(reader.borrow()), "line\n"));
}

TEST_F(OutputTest, TriesAgainAfterAnErrorThatMayPass) {
  Output out(loop_, os::UniqueFd(::open("/dev/full", O_WRONLY | O_NONBLOCK | O_CLOEXEC)), [] {});
  out.add("redis", LogFormat::raw, {"redis", LogStream::out, "line", 0});
  out.pump();
  clock_.advance(std::chrono::seconds(2));
  turn();

  EXPECT_EQ(5, out.queued());
}

TEST(OwnDescription, LeavesTheCallersBlocking) {
  const auto pipe = os::make_pipe();
  const auto own = os::reopen_for_writing((*pipe).write_end.borrow());

  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(0, ::fcntl((*pipe).write_end.raw(), F_GETFL) & O_NONBLOCK);
  EXPECT_NE(0, ::fcntl((*own).raw(), F_GETFL) & O_NONBLOCK);
}

TEST(OwnDescription, SharesThePositionInAFile) {
  std::string path = testing::TempDir() + "berth-output-XXXXXX";
  const os::UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
  const os::UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ::unlink(path.c_str());
  const auto own = os::reopen_for_writing(file.borrow());
  ASSERT_TRUE(own.has_value());
  fill(file.borrow(), "before\n");
  fill((*own).borrow(), "berth\n");
  fill(file.borrow(), "after\n");

  EXPECT_EQ("before\nberth\nafter\n", take(reader.borrow()));
}

TEST(OwnDescription, CannotBeHadOfASocket) {
  int ends[2];
  ASSERT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  const os::UniqueFd one(ends[0]);
  const os::UniqueFd other(ends[1]);

  EXPECT_FALSE(os::reopen_for_writing(one.borrow()).has_value());
}

TEST(WriterProcess, HasWrittenEverythingWhenItHasGone) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string path = testing::TempDir() + "berth-output-XXXXXX";
  const os::UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
  const os::UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ::unlink(path.c_str());
  const auto writer = os::start_writer_process(file.borrow());
  ASSERT_TRUE(writer.has_value());
  const std::string text(50'000, 'x');

  EXPECT_EQ(text.size(), fill(writer->socket.borrow(), text));
  os::finish_writer_process(writer->socket.borrow(), std::chrono::seconds(5));

  EXPECT_EQ(text, take(reader.borrow()));
}

}  // namespace
}  // namespace berth
