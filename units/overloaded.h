// Overloaded: one visitor for std::visit() from a handful of lambdas.
#pragma once

namespace berth {

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace berth
