# The scores of one event, as JSON.
class ScoresController < ApplicationController
  # A form of another site cannot send JSON, so the type of the body does what a CSRF token would do.
  before_action :require_json, only: :create

  def index
    render json: { tenant: Showcase.tenant, scores: Score.includes(:heat).order(:id).map(&:as_message) }
  end

  def create
    heat = Heat.find_by!(number: params.require(:heat))
    score = heat.scores.create!(judge: params.require(:judge), points: params.require(:points))
    render json: score.as_message, status: :created
  rescue ActiveRecord::RecordInvalid => error
    render json: { error: error.message }, status: :unprocessable_entity
  end

  private

  def require_json
    head :unsupported_media_type unless request.media_type == "application/json"
  end
end
