// The list of bots.
#include "proxy/bots.h"

#include <array>

namespace berth::proxy {
namespace {

constexpr auto kWords = std::to_array<std::string_view>({
    // What most of them call themselves. Browsers name no address to ask at.
    "bot",
    "crawl",
    "spider",
    "scrap",
    "+http",
    "@ http",
    // Search engines.
    "slurp",
    "bingpreview",
    "mediapartners-google",
    "apis-google",
    "feedfetcher",
    "google favicon",
    "google-inspectiontool",
    "google-read-aloud",
    "google-safety",
    "google-site-verification",
    "googleother",
    "googleproducer",
    "google web preview",
    "duckassist",
    "duckduckgo-favicons",
    "yandex.com/bots",
    "yeti/",
    "ask jeeves",
    "teoma",
    "qwantify",
    "ecosia favicon",
    // Collectors for language models.
    "anthropic-ai",
    "chatgpt-user",
    "claude-user",
    "claude-web",
    "cohere-ai",
    "gemini-deep-research",
    "google-cloudvertex",
    "google-notebooklm",
    "img2dataset",
    "meta-externalagent",
    "meta-externalfetcher",
    "mistralai-user",
    "omgili",
    "perplexity-user",
    // Link previews.
    "embedly",
    "facebookcatalog",
    "facebookexternalhit",
    "iframely",
    "link preview",
    "linkpreview",
    "outbrain",
    "quora link",
    "skypeuripreview",
    "vkshare",
    "whatsapp/",
    "bluesky cardyb",
    "mastodon/",
    "pleroma",
    // Archives and copies.
    "archive.org",
    "archiver",
    "heritrix",
    "httrack",
    "nutch",
    "webcopier",
    "wayback",
    // SEO and market research.
    "ahrefs",
    "dataprovider",
    "linkfluence",
    "screaming frog",
    "semrush",
    "seokicks",
    "sistrix",
    "sitebulb",
    "siteimprove",
    "trendiction",
    "xovi",
    "zoominfo",
    // Feeds.
    "feedburner",
    "feedly",
    "inoreader",
    "newsblur",
    "tiny tiny rss",
    // Monitors and measurements.
    "chrome-lighthouse",
    "datadogsynthetics",
    "google page speed",
    "gtmetrix",
    "headlesschrome",
    "newrelicpinger",
    "phantomjs",
    "pingdom",
    "site24x7",
    "statuscake",
    "updown.io",
    "w3c_validator",
    "w3c-checklink",
    "validator.nu",
    // Scanners.
    "censys",
    "expanse, a palo alto",
    "internetmeasurement",
    "internet-measurement",
    "l9explore",
    "masscan",
    "netcraft",
    "nikto",
    "nmap scripting",
    "nuclei",
    "shodan",
    "sqlmap",
    "wpscan",
    "zgrab",
});

/// Words that are no bots although one of the list ends in them: a maker of telephones.
constexpr auto kExceptions = std::to_array<std::string_view>({"cubot"});

}  // namespace

Bots::Bots() : search_(kWords, kExceptions) {}

}  // namespace berth::proxy
