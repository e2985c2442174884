// The search for words, against the obvious way; and the list of bots against browsers and bots.
#include "proxy/bots.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

bool finds(std::vector<std::string_view> words, std::string_view text,
           std::vector<std::string_view> exceptions = {}) {
  return WordSearch(words, exceptions).finds(text);
}

TEST(WordSearch, FindsAWordAnywhere) {
  EXPECT_TRUE(finds({"bot"}, "Googlebot/2.1"));
  EXPECT_TRUE(finds({"bot"}, "bot"));
  EXPECT_TRUE(finds({"abc", "bcd"}, "xxabxabcd"));
  EXPECT_FALSE(finds({"bot"}, "bo"));
  EXPECT_FALSE(finds({"bot"}, ""));
  EXPECT_FALSE(finds({}, "bot"));
}

TEST(WordSearch, TakesUpperAndLowerCaseForTheSame) {
  EXPECT_TRUE(finds({"gptbot"}, "GPTBot/1.1"));
}

TEST(WordSearch, GoesOnWithTheEndOfAWordThatFailed) {
  EXPECT_TRUE(finds({"ababc"}, "abababc"));
  EXPECT_TRUE(finds({"she", "hers", "is"}, "ushers"));
  EXPECT_TRUE(finds({"abcde", "cd"}, "abcdx"));
}

TEST(WordSearch, LetsAnExceptionHideTheWordsThatEndWithIt) {
  EXPECT_FALSE(finds({"bot"}, "CUBOT_X18", {"cubot"}));
  EXPECT_TRUE(finds({"bot"}, "CUBOT bot", {"cubot"}));
  EXPECT_TRUE(finds({"bot"}, "xubot", {"cubot"}));
}

TEST(WordSearch, FindsWhatALookForEachWordFinds) {
  std::minstd_rand random(7);
  const auto text_of = [&](std::size_t length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i)
      text += static_cast<char>('a' + random() % 3);
    return text;
  };
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> words;
    for (int i = 0; i < 6; ++i)
      words.push_back(text_of(3 + random() % 5));
    const WordSearch search(std::vector<std::string_view>(words.begin(), words.end()), {});
    for (int i = 0; i < 20; ++i) {
      const std::string text = text_of(random() % 30);
      bool wanted = false;
      for (const std::string& word : words)
        wanted |= text.find(word) != std::string::npos;
      ASSERT_EQ(wanted, search.finds(text)) << text;
    }
  }
}

TEST(Bots, KnowsBots) {
  const Bots bots;
  for (const std::string_view agent : {
           "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
           "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; "
           "+http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
           "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
           "+https://openai.com/gptbot)",
           "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
           "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
           "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile "
           "Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
           "Scrapy/2.11.0 (+https://scrapy.org)",
           "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
           "Mozilla/5.0 zgrab/0.x",
           "WhatsApp/2.23.20.0",
           "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
           "HeadlessChrome/120.0.0.0 Safari/537.36",
       })
    EXPECT_TRUE(bots.is_bot(agent)) << agent;
}

TEST(Bots, LeavesPeopleAndTheirProgramsAlone) {
  const Bots bots;
  for (const std::string_view agent : {
           "",
           "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
           "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
           "Gecko) Version/18.1 Safari/605.1.15",
           "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
           "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
           "like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
           "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/119.0.0.0 Mobile Safari/537.36",
           "Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) "
           "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
           "Mozilla/5.0 (Linux; Android 12; wv) AppleWebKit/537.36 baiduboxapp/13.10",
           "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
           "like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/440.0.0.32.108]",
           "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
           "curl/7.88.1",
           "Ruby",
           "python-requests/2.31.0",
           "Go-http-client/1.1",
       })
    EXPECT_FALSE(bots.is_bot(agent)) << agent;
}

}  // namespace
}  // namespace berth::proxy
