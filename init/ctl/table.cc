// Aligning columns.
#include "init/ctl/table.h"

#include <algorithm>
#include <utility>

namespace berth::ctl {
namespace {

constexpr std::string_view kGap = "  ";

void trim_end(std::string& line) {
  line.erase(line.find_last_not_of(' ') + 1);
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char each) {
    return (static_cast<unsigned char>(each) & 0xC0) != 0x80;
  }));
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] > 0)
      widths[i] = std::max(widths[i], width_of(columns_[i].title));
  }
  return widths;
}

std::string Table::render(const Output& output) const {
  const std::vector<std::size_t> widths = this->widths();
  std::vector<Cell> titles;
  for (const Column& column : columns_)
    titles.push_back(Cell{column.title, Colour::bold});
  std::string text;
  const auto add_line = [&](const std::vector<Cell>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (widths[i] == 0)
        continue;
      const std::string padding(widths[i] - width_of(cells[i].text), ' ');
      const std::string shown = output.paint(cells[i].colour, cells[i].text);
      if (!line.empty())
        line += kGap;
      line += columns_[i].align == Align::left ? shown + padding : padding + shown;
    }
    trim_end(line);
    text += line + '\n';
  };
  add_line(titles);
  for (const auto& row : rows_)
    add_line(row);
  return text;
}

}  // namespace berth::ctl
