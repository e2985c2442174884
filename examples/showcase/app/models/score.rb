# What one judge gave one heat. A new score is told to everybody who watches this tenant.
class Score < ApplicationRecord
  POINTS = 1..10

  belongs_to :heat
  validates :judge, presence: true, length: { maximum: 40 }
  validates :points, inclusion: { in: POINTS, message: "must be #{POINTS.min} to #{POINTS.max}" }

  after_create_commit { ActionCable.server.broadcast(LiveStream.name_of(Showcase.tenant), as_message) }

  def as_message
    { heat: heat.number, judge: judge, points: points, total: heat.scores.sum(:points) }
  end
end
