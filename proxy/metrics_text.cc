// The text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).
#include "proxy/metrics.h"
#include "proxy/text.h"

namespace berth::proxy {
namespace {

class Writer {
 public:
  /// Begins a family. type: counter, gauge, histogram.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += "# HELP ";
    ((text_ += name) += ' ') += help;
    text_ += "\n# TYPE ";
    (((text_ += name) += ' ') += type) += '\n';
  }
  /// One sample. label: empty = none; more: further labels, as they stand.
  void sample(std::string_view label, std::string_view value, std::uint64_t number,
              std::string_view more = {}) {
    begin({}, label, value, more);
    append_number(text_, number);
    text_ += '\n';
  }
  void histogram(std::string_view value, const DurationFigures& durations) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < durations.counts.size(); ++i) {
      total += durations.counts[i];
      std::string bound = "le=\"";
      if (i < DurationFigures::kBoundsMs.size())
        append_seconds(bound, std::uint64_t{DurationFigures::kBoundsMs[i]} * 1'000);
      else
        bound += "+Inf";
      bound += '"';
      begin("_bucket", "class", value, bound);
      append_number(text_, total);
      text_ += '\n';
    }
    begin("_sum", "class", value, {});
    append_seconds(text_, durations.sum_us);
    text_ += '\n';
    begin("_count", "class", value, {});
    append_number(text_, total);
    text_ += '\n';
  }
  std::string take() && { return std::move(text_); }

 private:
  void begin(std::string_view suffix, std::string_view label, std::string_view value,
             std::string_view more) {
    (text_ += name_) += suffix;
    if (!label.empty()) {
      // Names of units have neither quotes nor backslashes nor line ends.
      (((text_ += '{') += label) += "=\"") += value;
      text_ += '"';
      if (!more.empty())
        (text_ += ',') += more;
      text_ += '}';
    }
    text_ += ' ';
  }
  static void append_seconds(std::string& out, std::uint64_t us) {
    append_number(out, us / 1'000'000);
    std::string fraction = std::to_string(us % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    fraction.erase(fraction.find_last_not_of('0') + 1);
    if (!fraction.empty())
      (out += '.') += fraction;
  }

  std::string text_;
  std::string_view name_;
};

void write_requests(Writer& out, const Metrics& metrics) {
  out.family("berth_requests_total", "counter", "Requests, by who answered and status.");
  for (const auto& [name, figures] : metrics.all()) {
    for (const auto& [status, count] : figures.by_status)
      out.sample("class", name, count, "code=\"" + std::to_string(status) + "\"");
  }
  out.family("berth_request_duration_seconds", "histogram",
             "From the first byte of a request to the last of its reply.");
  for (const auto& [name, figures] : metrics.all())
    out.histogram(name, figures.durations);
  out.family("berth_requests_held_total", "counter", "Requests that waited for a unit to start.");
  for (const auto& [name, figures] : metrics.all())
    out.sample("class", name, figures.held);
}

void write_gauges(Writer& out, const ProxyGauges& gauges) {
  out.family("berth_client_connections", "gauge", "Open connections of clients.");
  out.sample({}, {}, gauges.connections);
  out.family("berth_requests_waiting", "gauge", "Requests in waiting rooms.");
  out.sample({}, {}, gauges.waiting);
  out.family("berth_access_log_lines_dropped_total", "counter",
             "Lines of the access log that nobody took in time.");
  out.sample({}, {}, gauges.lines_dropped);
  out.family("berth_refusals_total", "counter", "What was refused or cut off, by reason.");
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    out.sample("reason", to_string(refusal), gauges.counters.of(refusal));
  }
  out.family("berth_maintenance", "gauge", "1 while the maintenance page is shown.");
  out.sample({}, {}, gauges.maintenance ? 1 : 0);
}

void write_units(Writer& out, const SystemFigures& figures) {
  const auto counted = [&](std::string_view name, std::string_view type, std::string_view help,
                           auto member) {
    out.family(name, type, help);
    for (const ClassFigures& each : figures.classes)
      out.sample("class", each.name, each.*member);
  };
  counted("berth_units_running", "gauge", "Units that are up.", &ClassFigures::running);
  counted("berth_units_starting", "gauge", "Units on their way up.", &ClassFigures::starting);
  counted("berth_unit_starts_total", "counter", "Starts that ended in a unit that was up.",
          &ClassFigures::starts);
  counted("berth_unit_restarts_total", "counter", "Starts by berth itself after a failure.",
          &ClassFigures::restarts);
  counted("berth_unit_failures_total", "counter", "Failed starts, crashes and failed jobs.",
          &ClassFigures::failures);
  out.family("berth_unit_start_duration_seconds", "histogram",
             "From the begin of a start until the unit was up.");
  for (const ClassFigures& each : figures.classes) {
    if (each.starts > 0)
      out.histogram(each.name, each.start_times);
  }
  out.family("berth_unit_memory_bytes", "gauge", "Memory of units, and by what it is measured.");
  for (const UnitMemory& each : figures.memory)
    out.sample("unit", each.unit, each.bytes, "by=\"" + each.by + "\"");
}

}  // namespace

std::string metrics_text(const Metrics& metrics, const ProxyGauges& gauges,
                         const SystemFigures& figures) {
  Writer out;
  write_requests(out, metrics);
  write_gauges(out, gauges);
  write_units(out, figures);
  return std::move(out).take();
}

}  // namespace berth::proxy
