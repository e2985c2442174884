# One event: its heats, and the scores as they come in.
class EventsController < ApplicationController
  def show
    @heats = Heat.includes(:scores).order(:number)
  end
end
