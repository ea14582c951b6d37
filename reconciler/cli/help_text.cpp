#include "cli/help_text.hpp"

#include <algorithm>
#include <iterator>

namespace cpsctl::cli {
namespace {

constexpr Example validate[] = {
    {"cpsctl validate", "the project's manifests, else ./manifests"},
    {"cpsctl validate -o github manifests", "annotations for GitHub Actions"},
    {"cpsctl validate --out sarif=validate.sarif manifests", "a file for code scanning as well"},
};
constexpr Example plan[] = {
    {"cpsctl plan --sandbox manifests", "to try it, without an account"},
    {"cpsctl plan --name 'shop-*' manifests", "some of them"},
    {"cpsctl plan --out json=plan.json manifests", "save the plan for show and apply --plan"},
};
constexpr Example apply[] = {
    {"cpsctl apply --sandbox --yes manifests", "to try it, without an account"},
    {"cpsctl apply --yes --max-changes 20% manifests", "refuse to change more than usual"},
    {"cpsctl apply --yes --deadline 50m manifests", "end in time, with everything saved"},
};
constexpr Example show[] = {
    {"cpsctl show plan.json", "as plan printed it, with its digest"},
    {"cpsctl show -o md plan.json", "as a comment for a pull request"},
    {"cpsctl show --out junit=plan.xml plan.json", "as a report of tests as well"},
};
constexpr Example status[] = {
    {"cpsctl status", "every enrollment of the manifests and the state"},
    {"cpsctl status shop-example-com", "one of them"},
    {"cpsctl status --unmanaged", "what the contracts have that nobody manages"},
};
constexpr Example import_[] = {
    {"cpsctl import --contract 1-1TJZH5 --out-dir imported", "all of a contract"},
    {"cpsctl import --contract 1-1TJZH5 -o json", "into the project, with a list as JSON"},
    {"cpsctl import --sandbox --contract 1-1TJZH5", "from the sandbox"},
};
constexpr Example state[] = {
    {"cpsctl state list", "what is managed"},
    {"cpsctl state mv shop-example-com shop", "after the manifest was renamed"},
    {"cpsctl state rebuild", "after the state was lost"},
};
constexpr Example state_list[] = {
    {"cpsctl state list", "what is managed"},
    {"cpsctl state list -o json", "for programs"},
    {"cpsctl state list --sandbox", "of the sandbox"},
};
constexpr Example state_show[] = {
    {"cpsctl state show shop-example-com", "what is remembered of it"},
    {"cpsctl state show shop-example-com -o json", "for programs"},
    {"cpsctl state show shop-example-com --sandbox", "of the sandbox"},
};
constexpr Example state_log[] = {
    {"cpsctl state log", "what was done in the last 90 days"},
    {"cpsctl state log -o json shop-example-com", "of one enrollment, for programs"},
    {"cpsctl state log --sandbox", "of the sandbox"},
};
constexpr Example state_forget[] = {
    {"cpsctl state forget shop-example-com", "CPS keeps the enrollment"},
    {"cpsctl state forget shop-example-com api-example-com", "several"},
    {"cpsctl state forget shop-example-com --sandbox", "in the sandbox"},
};
constexpr Example state_mv[] = {
    {"cpsctl state mv shop-example-com shop", "after the manifest was renamed"},
    {"cpsctl state mv shop-example-com shop -o json", "for programs"},
    {"cpsctl state mv shop-example-com shop --sandbox", "in the sandbox"},
};
constexpr Example state_settle[] = {
    {"cpsctl state settle shop-example-com --as 10001", "it was done, and made this one"},
    {"cpsctl state settle shop-example-com --not-done", "it was not done"},
    {"cpsctl state settle shop-example-com --not-done --sandbox", "in the sandbox"},
};
constexpr Example state_unlock[] = {
    {"cpsctl state unlock", "after a run on another machine died"},
    {"cpsctl state unlock --force", "even if that run still looks active"},
    {"cpsctl state unlock --sandbox", "in the sandbox"},
};
constexpr Example state_rebuild[] = {
    {"cpsctl state rebuild", "of the project's manifests"},
    {"cpsctl state rebuild manifests", "of a folder"},
    {"cpsctl state rebuild --sandbox manifests", "from the sandbox"},
};
constexpr Example sandbox[] = {
    {"cpsctl sandbox", "any free port, data in .cpsctl/sandbox"},
    {"cpsctl sandbox --dir cps --complete-after 10s", "changes end after ten seconds"},
    {"cpsctl sandbox --fault 'POST: drop-after 30%'", "some answers are lost"},
};
constexpr Example schema[] = {
    {"cpsctl schema", "the names"},
    {"cpsctl schema manifest >manifest.schema.json", "for an editor"},
    {"cpsctl schema enrollment.v11", "the fields of CPS's request body"},
};
constexpr Example version[] = {
    {"cpsctl version", "one line"},
    {"cpsctl version -v", "with the libraries in it"},
    {"cpsctl version -o json", "for programs"},
};
constexpr Example help[] = {
    {"cpsctl help plan", "a topic or a command"},
    {"cpsctl help CPS122", "a rule that a finding names"},
    {"cpsctl help topics", "all topics"},
};

constexpr CommandText table[] = {
    {"validate", "manifests", validate},
    {"plan", "plan", plan},
    {"apply", "apply", apply},
    {"show", "plan", show},
    {"status", "plan", status},
    {"import", "import", import_},
    {"state", "state", state},
    {"state list", "state", state_list},
    {"state show", "state", state_show},
    {"state log", "state", state_log},
    {"state forget", "state", state_forget},
    {"state mv", "state", state_mv},
    {"state settle", "state", state_settle},
    {"state unlock", "state", state_unlock},
    {"state rebuild", "state", state_rebuild},
    {"sandbox", "sandbox", sandbox},
    {"schema", "manifests", schema},
    {"version", "trust", version},
    {"help", "topics", help},
};

}  // namespace

CommandText const* text_of(std::string_view command) {
  auto const found = std::ranges::find(table, command, &CommandText::command);
  return found == std::end(table) ? nullptr : &*found;
}

}  // namespace cpsctl::cli
