#pragma once
#include <string>
#include <string_view>

/// What a state belongs to.
namespace cpsctl::state {

/// The realm of an API host: "akamai" for all of Akamai's (a host name belongs to a credential, which is rotated;
/// accounts and contracts tell the rest apart), "sandbox" for loopback, else the host itself. The realm of a realm is
/// itself, so that what older states and plans recorded, the host, is brought over by the same function.
std::string realm_of(std::string_view host);

}  // namespace cpsctl::state
