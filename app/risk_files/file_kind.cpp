#include "app/risk_files/file_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace keel::app {
namespace {

using Keys = std::initializer_list<std::string_view>;

const Keys kPortfolioKeys{"venue",  "positions",       "cash",   "open_orders", "limits", "stresses",
                          "venues", "equity_peak_usd", "comment"};
const Keys kMarketKeys{"time",         "underlyings",   "stablecoins",        "expiries",         "instruments",
                       "correlations", "margin_tables", "settlement_windows", "ages_max_seconds", "comment"};

// Keys of the other kind and none of its own: not a slip in one key.
void refuse_other_kind(const JsonTree& root, Keys own, Keys other, std::string_view is, std::string_view option) {
    const auto& keys = root.keys();
    const auto is_in = [](Keys known) {
        return [known](const std::string& key) { return key != "comment" && std::ranges::count(known, key) > 0; };
    };
    const auto first = std::ranges::find_if(keys, is_in(other));
    if (first == keys.end() || std::ranges::any_of(keys, is_in(own))) return;
    root.refuse(fmt::format("looks like a {} file (it has \"{}\"): give it as {}", is, *first, option));
}

}  // namespace

void refuse_unless_portfolio(const JsonTree& root) {
    refuse_other_kind(root, kPortfolioKeys, kMarketKeys, "market", "--market");
    root.refuse_unknown(kPortfolioKeys);
}

void refuse_unless_market(const JsonTree& root) {
    refuse_other_kind(root, kMarketKeys, kPortfolioKeys, "portfolio", "--portfolio");
    root.refuse_unknown(kMarketKeys);
}

// JSON-RPC: {"error": {"code": 13009, "message": "unauthorized"}}.
void refuse_error(const JsonTree& root) {
    const JsonTree* error = root.find("error");
    if (error == nullptr) return;
    const JsonTree *code = error->find("code"), *message = error->find("message");
    std::string said;
    if (code != nullptr && code->is(JsonTree::Type::number)) said += fmt::format(" {}", code->number());
    if (message != nullptr && message->is(JsonTree::Type::text)) said += fmt::format(" \"{}\"", message->text());
    error->refuse("the venue's answer is an error" + (said.empty() ? said : ":" + said));
}

}  // namespace keel::app
