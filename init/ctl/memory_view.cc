// Memory per unit and its sums.
#include "init/ctl/memory_view.h"

#include <algorithm>
#include <vector>

#include "init/ctl/json_writer.h"
#include "init/ctl/table.h"
#include "init/ctl/words.h"

namespace berth::ctl {
namespace {

bool is_tenant(const MemoryRow& row) {
  return row.kind == "tenant";
}

bool is_known(const MemoryFigures& figures) {
  return figures.rss && figures.pss && figures.private_memory && figures.swap;
}

void add(MemorySum& sum, const MemoryRow& row) {
  sum.rss += row.figures.rss.value_or(0);
  sum.pss += row.figures.pss.value_or(0);
  sum.private_memory += row.figures.private_memory.value_or(0);
  sum.swap += row.figures.swap.value_or(0);
  sum.processes += row.processes;
  sum.complete = sum.complete && is_known(row.figures);
}

std::vector<Cell> cells(const std::string& name, std::uint32_t processes,
                        const MemoryFigures& figures, bool with_swap, Colour colour,
                        const Figure& in_cgroup = {}, const std::string& measured_by = {}) {
  return {{name, colour},
          {std::to_string(processes), colour},
          {size_text(figures.rss), colour},
          {size_text(figures.pss), colour},
          {size_text(figures.private_memory), colour},
          {with_swap ? size_text(figures.swap) : std::string(), colour},
          {in_cgroup ? size_text(in_cgroup) : std::string(), colour},
          {measured_by, colour}};
}

std::vector<Cell> sum_cells(const std::string& name, const MemorySum& sum, bool with_swap) {
  return cells(name, sum.processes, MemoryFigures{sum.rss, sum.pss, sum.private_memory, sum.swap},
               with_swap, Colour::bold);
}

void write_sum(JsonWriter& json, const char* name, const MemorySum& sum) {
  json.key(name);
  json.begin_object();
  json.member("processes", sum.processes);
  json.member("rss", sum.rss);
  json.member("pss", sum.pss);
  json.member("private", sum.private_memory);
  json.member("swap", sum.swap);
  json.member("complete", sum.complete);
  json.end_object();
}

}  // namespace

MemorySums sum_memory(const MemoryReport& report) {
  MemorySums sums;
  for (const MemoryRow& row : report.rows) {
    add(is_tenant(row) ? sums.tenants : sums.baseline, row);
    add(sums.total, row);
  }
  return sums;
}

std::string memory_text(MemoryReport report, const Output& output) {
  const MemorySums sums = sum_memory(report);
  // The most expensive first: private memory is what would come back.
  std::stable_sort(report.rows.begin(), report.rows.end(),
                   [](const MemoryRow& a, const MemoryRow& b) {
                     return a.figures.private_memory.value_or(a.figures.rss.value_or(0)) >
                            b.figures.private_memory.value_or(b.figures.rss.value_or(0));
                   });
  const bool with_swap = sums.total.swap > 0;
  Table table({{"UNIT"},
               {"PROCESSES", Align::right},
               {"RSS", Align::right},
               {"PSS", Align::right},
               {"PRIVATE", Align::right},
               {"SWAP", Align::right},
               {"CGROUP", Align::right},
               {"BY"}});
  std::vector<std::string> unknown;
  const auto add_rows = [&](bool tenants) {
    for (const MemoryRow& row : report.rows) {
      if (is_tenant(row) != tenants)
        continue;
      table.add(cells(printable(row.name), row.processes, row.figures, with_swap, Colour::none,
                      row.in_cgroup, row.measured_by));
      if (!is_known(row.figures))
        unknown.push_back(printable(row.name));
    }
  };
  add_rows(false);
  table.add(sum_cells("baseline", sums.baseline, with_swap));
  table.add_gap();
  if (sums.tenants.processes > 0) {
    add_rows(true);
    table.add(sum_cells("tenants", sums.tenants, with_swap));
    table.add_gap();
  }
  table.add(sum_cells("total", sums.total, with_swap));
  std::string text = table.render(output);
  if (!unknown.empty())
    text += "\nnot all could be measured, so the sums are too small: " + join(unknown, ", ") + '\n';
  return text;
}

std::string memory_json(const MemoryReport& report) {
  const MemorySums sums = sum_memory(report);
  JsonWriter json;
  json.begin_object();
  json.key("units");
  json.begin_array();
  for (const MemoryRow& row : report.rows) {
    json.begin_object();
    json.member("name", row.name);
    json.member("kind", row.kind);
    json.member("processes", row.processes);
    json.member("rss", row.figures.rss);
    json.member("pss", row.figures.pss);
    json.member("private", row.figures.private_memory);
    json.member("swap", row.figures.swap);
    json.member("cgroup", row.in_cgroup);
    json.member("measured_by", row.measured_by);
    json.end_object();
  }
  json.end_array();
  write_sum(json, "baseline", sums.baseline);
  write_sum(json, "tenants", sums.tenants);
  write_sum(json, "total", sums.total);
  json.member("complete", report.complete);
  json.end_object();
  return std::move(json).take();
}

}  // namespace berth::ctl
