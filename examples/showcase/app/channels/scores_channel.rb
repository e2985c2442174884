# The live scores of the tenant that the signed parameter names.
class ScoresChannel < ApplicationCable::Channel
  def subscribed
    tenant = LiveStream.verified(params[:tenant])
    tenant ? stream_from(LiveStream.name_of(tenant)) : reject
  end
end
