// Bodies: lengths and chunks, whole and in pieces.
#include "proxy/body_decoder.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

struct Decoded {
  BodyDecoder::Outcome outcome = BodyDecoder::Outcome::more;
  std::string payload;
  std::size_t used = 0;
  std::string trailers;
};

Decoded decode(BodyKind kind, std::uint64_t length, std::string bytes, std::size_t portion) {
  BodyDecoder decoder;
  decoder.start(kind, length);
  Decoded result;
  while (result.used < bytes.size() && result.outcome == BodyDecoder::Outcome::more) {
    const std::size_t count = std::min(portion, bytes.size() - result.used);
    const BodyDecoder::Step step = decoder.take(std::span(bytes).subspan(result.used, count));
    result.payload += step.payload;
    result.used += step.used;
    result.outcome = step.outcome;
  }
  result.trailers = decoder.trailers();
  return result;
}

Decoded decode_every_way(const std::string& bytes) {
  const Decoded whole = decode(BodyKind::chunked, 0, bytes, bytes.size());
  for (std::size_t portion = 1; portion < bytes.size(); ++portion) {
    const Decoded parts = decode(BodyKind::chunked, 0, bytes, portion);
    EXPECT_EQ(parts.outcome, whole.outcome) << portion;
    EXPECT_EQ(parts.payload, whole.payload) << portion;
    EXPECT_EQ(parts.used, whole.used) << portion;
    EXPECT_EQ(parts.trailers, whole.trailers) << portion;
  }
  return whole;
}

TEST(BodyDecoder, TakesTheChunkingOff) {
  const Decoded got =
      decode_every_way("4\r\nWiki\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nT: v\r\n\r\nNEXT");

  EXPECT_EQ(got.outcome, BodyDecoder::Outcome::complete);
  EXPECT_EQ(got.payload, "Wiki0123456789");
  EXPECT_EQ(got.used, 43U);
}

TEST(BodyDecoder, RefusesLaxChunks) {
  const std::vector<std::string> lax = {
      "4 \r\nWiki\r\n",       " 4\r\nWiki\r\n",  "4\nWiki\r\n0\r\n\r\n", "4\r\nWiki\n0\r\n\r\n",
      "0x4\r\nWiki\r\n",      "\r\n4\r\n",       "-4\r\nWiki",           "4 erfr\r\nWiki\r\n",
      "4\r\nWikiX\r\n",       "4;a\nb\r\nWiki",  "0\r\nA: b\n\r\n",      "0\r\n\n",
      "ffffffffffffffff\r\n", "g\r\n",           "4\rWiki\r\n",          ";a\r\n",
      "0\r\nA\r\n\r\n",       "0\r\nA :b\r\n",   "0\r\n A: b\r\n",       "0\r\n: b\r\n",
      "0\r\nA: b\r\n c\r\n",  "0\r\nA: \x01\r\n"};
  for (const std::string& each : lax)
    EXPECT_EQ(decode_every_way(each).outcome, BodyDecoder::Outcome::malformed) << each;
}

TEST(BodyDecoder, KeepsTheTrailersThatMayBePassedOn) {
  const Decoded got = decode_every_way(
      "1\r\na\r\n0\r\nDigest: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
      "X-Remote-User: root\r\nX_Forwarded_For: a\r\nHost: evil\r\nServer-Timing: db;dur=3 "
      "\r\n\r\n");

  EXPECT_EQ(got.outcome, BodyDecoder::Outcome::complete);
  EXPECT_EQ(got.trailers, "Digest: x\r\nServer-Timing: db;dur=3 \r\n");
}

TEST(BodyDecoder, LimitsExtensionsAndTrailers) {
  EXPECT_EQ(decode(BodyKind::chunked, 0, "4;" + std::string(10'000, 'a'), 100).outcome,
            BodyDecoder::Outcome::malformed);
  EXPECT_EQ(decode(BodyKind::chunked, 0, "0\r\n" + std::string(10'000, 'a'), 100).outcome,
            BodyDecoder::Outcome::malformed);
}

TEST(BodyDecoder, StopsAtTheLength) {
  const Decoded got = decode(BodyKind::length, 5, "helloGET /", 3);

  EXPECT_EQ(got.outcome, BodyDecoder::Outcome::complete);
  EXPECT_EQ(got.payload, "hello");
  EXPECT_EQ(got.used, 5U);
}

TEST(BodyDecoder, SaysHowMuchMayBeRead) {
  BodyDecoder decoder;
  decoder.start(BodyKind::length, 7);

  EXPECT_EQ(decoder.expected(), 7U);
}

TEST(BodyDecoder, IsCompleteAtOnceWithoutBody) {
  BodyDecoder decoder;
  decoder.start(BodyKind::length, 0);
  EXPECT_TRUE(decoder.is_complete());
  decoder.start(BodyKind::none, 0);
  EXPECT_TRUE(decoder.is_complete());
}

TEST(BodyDecoder, WritesChunkHeads) {
  std::array<char, kChunkHeadRoom> room{};
  EXPECT_EQ(chunk_head(26, room), "1a\r\n");
  EXPECT_EQ(chunk_head(~std::size_t{0}, room), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace berth::proxy
