#include "app/risk_files/stress_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace keel::app {
namespace {

using risk::StressDefinition;
using Kind = StressDefinition::Kind;

constexpr double kFallMost = -0.99;  // a price keeps something
// Beyond what any market did; a size past these is a slip, and without an end sums of it overflow.
constexpr double kRiseMost = 10.0;
constexpr double kFactorMost = 1'000.0;

struct Size {
    std::string_view key;
    double StressDefinition::*member;
    double least, most;
    std::array<Kind, 2> kinds;  // that have it
};
constexpr std::array<Size, 13> kSizes{
    {{"spot", &StressDefinition::spot, kFallMost, kRiseMost, {Kind::shock, Kind::oracle}},
     {"alt_beta", &StressDefinition::alt_beta, 0.0, kRiseMost, {Kind::shock, Kind::oracle}},
     {"volatility", &StressDefinition::volatility, kFallMost, kRiseMost, {Kind::shock, Kind::shock}},
     {"basis", &StressDefinition::basis, kFallMost, kRiseMost, {Kind::shock, Kind::shock}},
     {"stable", &StressDefinition::stable, kFallMost, kRiseMost, {Kind::shock, Kind::shock}},
     {"recovery", &StressDefinition::recovery, 0.0, 1.0, {Kind::venue, Kind::venue}},
     {"funding_8h", &StressDefinition::funding_8h, 0.0, 1.0, {Kind::shock, Kind::funding}},
     {"days", &StressDefinition::days, 0.0, 365.0, {Kind::shock, Kind::funding}},
     {"spread_factor", &StressDefinition::spread_factor, 0.0, kFactorMost, {Kind::shock, Kind::shock}},
     {"depth_factor", &StressDefinition::depth_factor, 0.001, kFactorMost, {Kind::shock, Kind::shock}},
     {"impact_factor", &StressDefinition::impact_factor, 0.0, kFactorMost, {Kind::shock, Kind::shock}},
     {"deleverage_part", &StressDefinition::deleverage_part, 0.0, 1.0, {Kind::deleverage, Kind::deleverage}},
     {"bankruptcy_gap", &StressDefinition::bankruptcy_gap, 0.0, 1.0, {Kind::deleverage, Kind::deleverage}}}};

std::string listed(const std::vector<StressDefinition>& stresses) {
    std::string out;
    for (const StressDefinition& stress : stresses) out += (out.empty() ? "" : ", ") + stress.id;
    return out;
}

// The stress that the row changes or is like.
StressDefinition base_of(const JsonTree& row, const std::vector<StressDefinition>& stresses) {
    const JsonTree* like = row.find("like");
    const JsonTree& name = like != nullptr ? *like : row.at("id");
    const auto found = std::ranges::find(stresses, name.text(), &StressDefinition::id);
    if (found == stresses.end()) {
        name.refuse("no stress is called \"" + name.text() + "\"; there are " + listed(stresses) +
                    (like != nullptr ? "" : "; a further one says which it is \"like\""));
    }
    return *found;
}

void read_sizes(const JsonTree& row, StressDefinition& stress) {
    for (const Size& size : kSizes) {
        const JsonTree* value = row.find(size.key);
        if (value == nullptr) continue;
        if (std::ranges::find(size.kinds, stress.kind) == size.kinds.end()) {
            value->refuse("is no size of a stress like this one");
        }
        if (!(value->number() >= size.least && value->number() <= size.most)) {
            value->refuse(fmt::format("is out of range: {} to {}", size.least, size.most));
        }
        stress.*size.member = value->number();
    }
    const JsonTree* shorts = row.find("funding_shorts");
    if (shorts == nullptr) return;
    if (stress.kind != Kind::shock) shorts->refuse("is no size of a stress like this one");
    stress.funding_shorts = shorts->boolean();
}

}  // namespace

void read_stress(const JsonTree& row, InputsBuilder& builder) {
    row.refuse_unknown({"id", "like", "spot", "alt_beta", "volatility", "basis", "stable", "recovery", "funding_8h",
                        "days", "funding_shorts", "spread_factor", "depth_factor", "impact_factor", "deleverage_part",
                        "bankruptcy_gap"});
    std::vector<StressDefinition>& stresses = builder.inputs().stresses;
    const JsonTree& name = row.at("id");
    const std::string& id = name.text();
    if (id.empty() || id.contains(':') || id.starts_with("CORR")) {
        name.refuse("must be a name, without a colon, that does not begin with CORR");
    }
    StressDefinition stress = base_of(row, stresses);
    builder.name_stress(id, row);
    stress.id = id;
    read_sizes(row, stress);
    const auto known = std::ranges::find(stresses, id, &StressDefinition::id);
    if (known == stresses.end()) {
        stresses.push_back(stress);
    } else {
        if (known->kind != stress.kind) row.at("like").refuse("is of another kind than " + id);
        *known = stress;
    }
    if (!builder.names_stress("COMBO")) {
        *std::ranges::find(stresses, "COMBO", &StressDefinition::id) = risk::combined_stress(stresses);
    }
}

}  // namespace keel::app
