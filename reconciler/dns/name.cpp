#include "dns/name.hpp"

#include "base/text.hpp"
#include "dns/ldns.hpp"

#include <cstdlib>
#include <memory>

#include <fmt/format.h>

namespace cpsctl::dns {
namespace {

struct Freed {
  void operator()(ldns_rdf* rdf) const { ldns_rdf_deep_free(rdf); }
  void operator()(char* text) const { std::free(text); }
};

/// The name as ldns has it; null when it is not one.
std::unique_ptr<ldns_rdf, Freed> rdf_of(std::string const& text) {
  ldns_rdf* rdf = nullptr;
  auto const status = ldns_str2rdf_dname(&rdf, text.c_str());
  return std::unique_ptr<ldns_rdf, Freed>(status == LDNS_STATUS_OK ? rdf : nullptr);
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  std::string absolute(text);
  if (!absolute.ends_with('.')) absolute += '.';
  bool const is_text = !text.empty() && text.find('\0') == std::string_view::npos;
  auto const rdf = is_text ? rdf_of(absolute) : nullptr;
  std::unique_ptr<char, Freed> const spelled(rdf ? ldns_rdf2str(rdf.get()) : nullptr);
  if (!spelled)
    return Error{.code = Errc::usage,
                 .message = fmt::format("\"{}\" is not a domain name", text::excerpt(text, 80)),
                 .next = "write labels of at most 63 characters with dots between, 253 characters in all"};
  return Name(text::lower(spelled.get()));
}

Name Name::parent() const {
  for (std::size_t i = 0; i + 1 < text_.size(); ++i) {
    if (text_[i] == '\\')
      ++i;
    else if (text_[i] == '.')
      return Name(text_.substr(i + 1));
  }
  return Name();
}

bool Name::lies_in(Name const& zone) const {
  for (Name at = *this;; at = at.parent()) {
    if (at == zone) return true;
    if (at.is_root()) return false;
  }
}

std::string Name::wire() const {
  auto const rdf = rdf_of(text_);
  if (!rdf) return std::string(1, '\0');
  return {reinterpret_cast<char const*>(ldns_rdf_data(rdf.get())), ldns_rdf_size(rdf.get())};
}

Result<Name> challenge_name(std::string_view host) {
  if (host.starts_with("*.")) host.remove_prefix(2);
  CPS_TRY(auto const name, Name::parse(host));
  return Name::parse("_acme-challenge." + (name.is_root() ? std::string() : name.text()));
}

}  // namespace cpsctl::dns
