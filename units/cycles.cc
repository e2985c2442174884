// A depth-first walk without recursion: a chain may be as long as there are units.
#include "units/cycles.h"

#include <algorithm>

namespace berth {
namespace {

constexpr std::string_view kBefore = "before";
constexpr std::string_view kOnFailure = "on_failure";

/// What makes an edge of the graph.
enum class Ties : unsigned char { order, failure };

struct Edge {
  std::size_t to = 0;
  std::string_view reason;
};

/// Units by number, and what each comes after.
struct Graph {
  std::vector<const Unit*> units;
  std::vector<std::vector<Edge>> edges;
};

using Numbers = std::map<std::string_view, std::size_t>;

/// Adds what `from` says about the units `names`; "before" is an edge of the other unit.
void add_edges(Graph& graph, const Numbers& numbers, std::size_t from,
               const std::vector<std::string>& names, std::string_view reason) {
  for (const std::string& name : names) {
    const auto to = numbers.find(name);
    if (to == numbers.end()) {
      continue;
    }
    if (reason == kBefore) {
      graph.edges[to->second].push_back({from, reason});
    } else {
      graph.edges[from].push_back({to->second, reason});
    }
  }
}

Graph build_graph(const std::map<std::string, Unit>& units, Ties ties) {
  Graph graph;
  Numbers numbers;
  for (const auto& [name, unit] : units) {
    numbers.emplace(name, graph.units.size());
    graph.units.push_back(&unit);
  }
  graph.edges.resize(graph.units.size());
  for (std::size_t from = 0; from < graph.units.size(); ++from) {
    const UnitInfo& info = graph.units[from]->info;
    add_edges(graph, numbers, from, info.requires_units, "requires");
    add_edges(graph, numbers, from, info.wants, "wants");
    if (ties == Ties::order) {
      add_edges(graph, numbers, from, info.after, "after");
      add_edges(graph, numbers, from, info.before, kBefore);
    } else {
      add_edges(graph, numbers, from, info.on_failure, kOnFailure);
    }
  }
  return graph;
}

/// One walk over the whole graph.
class Walk {
 public:
  explicit Walk(const Graph& graph) : graph_(graph), marks_(graph.units.size(), Mark::unseen) {}

  std::vector<Cycle> run() && {
    for (std::size_t start = 0; start < graph_.units.size(); ++start) {
      if (marks_[start] == Mark::unseen) {
        descend(start);
      }
    }
    return std::move(cycles_);
  }

 private:
  enum class Mark : unsigned char { unseen, on_path, done, in_cycle };
  struct Step {
    std::size_t unit;
    std::size_t next_edge;
  };

  void descend(std::size_t start) {
    path_.push_back({start, 0});
    marks_[start] = Mark::on_path;
    while (!path_.empty()) {
      Step& top = path_.back();
      if (top.next_edge == graph_.edges[top.unit].size()) {
        marks_[top.unit] = marks_[top.unit] == Mark::in_cycle ? Mark::in_cycle : Mark::done;
        path_.pop_back();
        continue;
      }
      const std::size_t to = graph_.edges[top.unit][top.next_edge++].to;
      if (marks_[to] == Mark::unseen) {
        marks_[to] = Mark::on_path;
        path_.push_back({to, 0});
      } else if (marks_[to] == Mark::on_path) {
        record(to);
      }
    }
  }

  /// The path from `first` to its end closes a cycle.
  void record(std::size_t first) {
    Cycle cycle;
    auto step =
        std::find_if(path_.begin(), path_.end(), [&](const Step& s) { return s.unit == first; });
    for (; step != path_.end(); ++step) {
      // A unit of an earlier cycle is reported already; this one is likely the same mistake.
      if (std::exchange(marks_[step->unit], Mark::in_cycle) == Mark::in_cycle) {
        cycle.clear();
        return;
      }
      cycle.push_back(
          {graph_.units[step->unit], graph_.edges[step->unit][step->next_edge - 1].reason});
    }
    std::rotate(cycle.begin(),
                std::min_element(cycle.begin(), cycle.end(),
                                 [](const CycleStep& a, const CycleStep& b) {
                                   return a.unit->name < b.unit->name;
                                 }),
                cycle.end());
    cycles_.push_back(std::move(cycle));
  }

  const Graph& graph_;
  std::vector<Mark> marks_;
  std::vector<Step> path_;
  std::vector<Cycle> cycles_;
};

bool is_by_failure(const Cycle& cycle) {
  return std::any_of(cycle.begin(), cycle.end(),
                     [](const CycleStep& step) { return step.reason == kOnFailure; });
}

}  // namespace

std::vector<Cycle> find_cycles(const std::map<std::string, Unit>& units) {
  const Graph graph = build_graph(units, Ties::order);
  return Walk(graph).run();
}

std::vector<Cycle> find_failure_cycles(const std::map<std::string, Unit>& units) {
  const Graph graph = build_graph(units, Ties::failure);
  std::vector<Cycle> cycles = Walk(graph).run();
  std::erase_if(cycles, [](const Cycle& cycle) { return !is_by_failure(cycle); });
  return cycles;
}

std::string describe_cycle(const Cycle& cycle) {
  std::string path = is_by_failure(cycle) ? "these units start each other by failing: "
                                          : "these units wait for each other: ";
  std::string edges;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    const CycleStep& step = cycle[i];
    const Unit& next = *cycle[(i + 1) % cycle.size()].unit;
    // "before" stands in the file of the unit that goes first.
    const Unit& speaker = step.reason == kBefore ? next : *step.unit;
    const Unit& other = step.reason == kBefore ? *step.unit : next;
    path += step.unit->name.str() + " -> ";
    edges += edges.empty() ? " (" : "; ";
    edges += speaker.place.file + ":" + std::to_string(speaker.place.line) + ": \"" +
             speaker.name.str() + "\" " + std::string(step.reason) + " \"" + other.name.str() +
             "\"";
  }
  return path + cycle.front().unit->name.str() + edges + ")";
}

}  // namespace berth
