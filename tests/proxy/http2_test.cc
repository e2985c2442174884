// The translation between HTTP/2 and HTTP/1.1, and the budget for what only costs.
#include "proxy/http2.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

std::string head_of(const std::vector<Http2Field>& fields, bool ends = true) {
  Http2Request request;
  for (const Http2Field& field : fields)
    request.add(field);
  return request.take_head(ends);
}

std::vector<Http2Field> with(const Http2Field& field) {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/a"}, field};
}

TEST(Http2Request, BecomesAnHttp1Head) {
  EXPECT_EQ(head_of({{":method", "GET"},
                     {":scheme", "http"},
                     {":path", "/a?b"},
                     {":authority", "shop.example"},
                     {"cookie", "a=1"},
                     {"accept", "*/*"},
                     {"host", "Shop.example"},
                     {"cookie", "b=2"},
                     {"te", "trailers"}}),
            "GET /a?b HTTP/1.1\r\nHost: shop.example\r\naccept: */*\r\nte: trailers\r\n"
            "Cookie: a=1; b=2\r\n\r\n");
  EXPECT_EQ(head_of({{":method", "OPTIONS"}, {":path", "*"}, {"host", "x"}}),
            "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(head_of({{":method", "CONNECT"}, {":authority", "x:1"}}),
            "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n");
}

TEST(Http2Request, SaysHowItsBodyEnds) {
  EXPECT_EQ(head_of(with({"content-length", "5"}), false),
            "GET /a HTTP/1.1\r\nHost: x\r\ncontent-length: 5\r\n\r\n");
  EXPECT_EQ(head_of(with({"a", "b"}), false),
            "GET /a HTTP/1.1\r\nHost: x\r\na: b\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(Http2Request, IsRefusedWhereTextWouldBeReadDifferently) {
  const std::string nul("a\0b", 3);
  for (const Http2Field& field : std::vector<Http2Field>{{"a", "1\r\nb: 2"},
                                                         {"a", "1\nb"},
                                                         {"a", nul},
                                                         {"a\r\nb", "1"},
                                                         {"a: b", "1"},
                                                         {"", "1"},
                                                         {"A", "1"},
                                                         {"a b", "1"},
                                                         {"connection", "close"},
                                                         {"transfer-encoding", "chunked"},
                                                         {"upgrade", "h2c"},
                                                         {"te", "gzip"},
                                                         {"host", "y"},
                                                         {"host", ""},
                                                         {"content-length", "+5"},
                                                         {"content-length", "5"},
                                                         {":path", "/b"},
                                                         {":protocol", "websocket"}})
    EXPECT_EQ(head_of(with(field)), "") << field.name << "=" << field.value;
  for (const std::string& path : {std::string("/a b"), std::string("/a HTTP/1.1\r\nb: c"),
                                  std::string("a"), std::string("*"), std::string(), "/" + nul})
    EXPECT_EQ(head_of({{":method", "GET"}, {":authority", "x"}, {":path", path}}), "") << path;
  EXPECT_EQ(head_of({{":method", "GET /b HTTP/1.1\r\n"}, {":authority", "x"}, {":path", "/"}}), "");
  EXPECT_EQ(head_of({{":authority", "x"}, {":path", "/"}}), "");
}

TEST(Http2Request, IsGivenOnAsFarAsTheParserNeedsToRefuseIt) {
  Http2Request request;
  for (const Http2Field& field : with({"a", "b"}))
    request.add(field);
  const std::string value(1000, 'v');
  for (int i = 0; i < 10'000; ++i)
    request.add({"x-many", value});

  const std::string head = request.take_head(true);

  HttpHead parsed;
  HeadParser parser;
  parser.start(HeadKind::request, parsed);
  std::size_t used = 0;
  EXPECT_EQ(parser.feed(head, used), HeadOutcome::too_large);
  EXPECT_LT(head.size(), kMaxHead + 2000);
}

TEST(Http2Request, PassesOnlySoundTrailers) {
  EXPECT_EQ(http1_trailer({"x-sum", "1"}), "x-sum: 1\r\n");
  EXPECT_EQ(http1_trailer({"x-sum", "1\r\nb: c"}), "");
  EXPECT_EQ(http1_trailer({"connection", "close"}), "");
}

/// What a reply was taken for, however it is cut.
std::string told(std::string_view text, std::size_t portion, bool to_head = false) {
  Http2Reply reply(to_head);
  std::string out;
  std::string body;
  const auto tell = [&] {
    for (const Http2Field& field : reply.fields())
      out += std::string(field.name) + "=" + std::string(field.value) + ";";
    out += reply.is_over() ? "over " : " ";
  };
  while (!text.empty()) {
    std::string_view part = text.substr(0, portion);
    text.remove_prefix(part.size());
    while (!part.empty()) {
      switch (reply.take(part, body)) {
        case Http2Reply::Event::none:
        case Http2Reply::Event::body:
          break;
        case Http2Reply::Event::interim:
        case Http2Reply::Event::head:
          tell();
          break;
        case Http2Reply::Event::broken:
          return out + "broken";
      }
    }
  }
  out += body;
  for (const Http2Field& field : reply.trailers())
    out += " " + std::string(field.name) + "=" + std::string(field.value);
  return out + (reply.is_over() ? " over" : "");
}

void expect_told(std::string_view text, const std::string& wanted, bool to_head = false) {
  for (std::size_t portion = 1; portion <= text.size(); ++portion)
    EXPECT_EQ(told(text, portion, to_head), wanted) << portion;
}

TEST(Http2Reply, IsTakenApartHoweverItIsCut) {
  expect_told("HTTP/1.1 200 OK\r\nX-Own: 1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
              ":status=200;x-own=1;content-length=5; hello over");
  expect_told(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
      "3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum:  42 \r\nX-B: c\r\n\r\n",
      ":status=103;link=</a>; :status=200;trailer=X-Sum; hello x-sum=42 x-b=c over");
  expect_told("HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n", ":status=204;date=x;over  over");
  expect_told("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
              ":status=200;content-length=5;over  over", true);
  expect_told("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
              ":status=200;content-length=5; hel");
}

TEST(Http2Reply, RefusesWhatIsNone) {
  EXPECT_EQ(told("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 100), "broken");
  EXPECT_EQ(told("HTTP/1.1 204 No Content\r\n\r\nmore", 100), ":status=204;over broken");
  EXPECT_EQ(told("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", 100),
            ":status=200;content-length=1; broken");
}

TEST(NuisanceBudget, AllowsABurstAndThenSomeASecond) {
  using std::chrono::seconds;
  NuisanceBudget budget;
  const os::TimePoint start{std::chrono::hours(1)};
  int burst = 0;
  while (budget.take(start))
    ++burst;
  EXPECT_EQ(burst, 300);
  EXPECT_FALSE(budget.take(start));

  int later = 0;
  while (budget.take(start + seconds(2)))
    ++later;
  EXPECT_EQ(later, 60);
  int much_later = 0;
  while (budget.take(start + seconds(3600)))
    ++much_later;
  EXPECT_EQ(much_later, 300);
}

}  // namespace
}  // namespace berth::proxy
