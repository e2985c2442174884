# The index: all studios, by year.
class StudiosController < ApplicationController
  def index
    @years = Studio.order(:title).group_by(&:year).sort.reverse
  end
end
