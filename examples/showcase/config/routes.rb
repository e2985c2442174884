# The index tenant lists the studios; every other tenant is one event.
Rails.application.routes.draw do
  if Showcase.index?
    root "studios#index"
  else
    root "events#show"
    resources :scores, only: %i[index create]
  end
end
