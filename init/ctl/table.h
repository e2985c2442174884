// Table: columns of text, aligned, for people.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "init/ctl/output.h"

namespace berth::ctl {

enum class Align { left, right };

struct Cell {
  std::string text;
  Colour colour = Colour::none;
};

class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// REQUIRES: one cell for each column.
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  /// An empty line.
  void add_gap() { rows_.emplace_back(); }

  /// The titles and the rows; no line ends in blanks. A column that is empty in every row is
  /// left out.
  std::string render(const Output& output) const;

 private:
  std::vector<std::size_t> widths() const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// How many columns of a terminal `text` takes: UTF-8 characters counted as one each.
std::size_t width_of(std::string_view text);

}  // namespace berth::ctl
