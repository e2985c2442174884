# A heat: one couple dances one dance, and judges give it points.
class Heat < ApplicationRecord
  has_many :scores

  def couple = "#{leader} & #{follower}"
  def total = scores.sum(&:points)
end
