#pragma once
#include "manifest/document.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

/// Documents of kind Profile, and laying them under an enrollment's own values.
namespace cpsctl::manifest {

struct Profile {
  std::string name;
  Mark mark = {};               ///< of its name
  std::string api_schema = {};  ///< spec.apiSchema, empty when it names none
  Document document = {};
};

class Profiles {
 public:
  /// Adds a profile; a second one of that name gets a finding and is left out.
  void add(std::unique_ptr<Profile> profile, Findings& findings);

  std::size_t size() const { return by_name_.size(); }
  std::vector<std::string> names() const;  ///< sorted

  /// What spec.profiles of a document chose. `complete` is false when one of them does not exist.
  struct Chosen {
    std::vector<Profile const*> profiles = {};
    bool complete = true;
    std::size_t values = 0;          ///< in the profiles
    std::string api_schema() const;  ///< the last one that names a version wins
    std::string names() const;       ///< "a, b", for messages; cut when they are many
  };
  Chosen choose(Tree const& tree, Findings& findings) const;

 private:
  std::map<std::string, std::unique_ptr<Profile>, std::less<>> by_name_;
};

/// The document with the values of its profiles under its own: /spec only, without /spec/profiles.
Document merged(Document const& own, Profiles::Chosen const& chosen);

}  // namespace cpsctl::manifest
