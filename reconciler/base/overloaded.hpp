#pragma once

namespace cpsctl {

/// A visitor of a variant, made of a function for each of its kinds.
template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace cpsctl
