#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "risk/book/black_expansion.hpp"
#include "risk/book/expiring_option.hpp"
#include "risk/book/risk_vector.hpp"

namespace keel::risk {

// When a bucket is priced anew (docs/risk-model.md, "Incremental book").
struct BucketRules {
    double radius{0.25};               // |ln(F/F_a)| over the smallest s
    double volatility_move_max{0.02};  // |dsigma| over the smallest sigma
    double deviation_min{2e-3};        // options with less s are priced on every tick
    double refresh_share{0.002};       // of the time left ...
    std::chrono::nanoseconds refresh_min{std::chrono::milliseconds{50}};
    std::chrono::nanoseconds refresh_max{std::chrono::seconds{60}};
    double volatility_floor{0.05};  // implied volatilities outside are refused
    double volatility_cap{5.0};
    std::uint32_t updates_max{4096};  // fills and volatilities taken in before the sums are rebuilt
};

// What a bucket's error may be before it is priced anew: of value, and of delta in coin.
struct BucketTolerance {
    double value_usd{std::numeric_limits<double>::infinity()};
    double delta_coin{std::numeric_limits<double>::infinity()};
};

struct BucketWork {
    std::uint64_t kernels{0};  // options priced
    std::uint64_t anchors{0};  // times that the whole bucket was
    std::uint64_t drifts{0};   // rebuilds that differed by more than 1e-9 of gross
    bool fault{false};         // one differed by more than 1e-6
};

// The options of one underlying that expire together. Between two anchors a tick costs the evaluation of a few
// polynomials, however many options there are: value and greeks are the Taylor polynomial of third order around
// the anchor (black_expansion.hpp), each published with a bound of its error: the magnitude of the fourth-order
// terms, whose sums are kept with their signs, plus the bound of everything beyond. Coin-settled options are
// expanded in USD, apart from the others, and divided by the forward: v = V/F exactly.
//
// A lane is what goes the same way upwards: to one cell of the book.
// Thread: core. Allocates: at construction (add_lane, add_option) only.
class OptionBucket {
public:
    // What settles in coin, or what does not, of a lane.
    struct Expansion {
        ExpansionTerms terms{};
        double guard3{0.0};  // sum |q| m s^-3
        double guard4{0.0};  // sum |q| m s^-4
        double gross{0.0};   // sum |q| m
        double net{0.0};     // sum q m
        double margin{0.0};  // sum |q| m rate
        double peak{0.0};    // largest gross since the sums were built
        ForwardCurve curve{};

        void clear_sums();
    };
    struct Lane {
        std::array<Expansion, 2> expansions{};  // options settled in stablecoin; in coin
        RiskVector live{};                      // those priced on every tick
        // What the lane adds upwards. One place holds what the sums above have taken in, the other what they
        // have not yet: they take turns.
        std::array<Bounded<RiskVector>, 2> risks{};
        std::size_t posted_at{0};
        bool moved{false};

        [[nodiscard]] const Bounded<RiskVector>& posted() const { return risks[posted_at]; }
        [[nodiscard]] const Bounded<RiskVector>& risk() const { return risks[moved ? 1 - posted_at : posted_at]; }
    };

    OptionBucket(const BucketRules& rules, const ExpiryMarket& market, UnixNanos now);

    // Before the first event. Both answer with the place of what was added.
    std::uint32_t add_lane();
    std::uint32_t add_option(std::uint32_t lane, const Contract& contract, double volatility);

    // Events. Inputs were validated by the caller. Each leaves every lane's risk up to date.
    void set_forward(double forward, const BucketTolerance& tolerance);
    void set_volatility(std::uint32_t option, double volatility);
    void shift_volatility(double shift, const BucketTolerance& tolerance);
    void set_quantity(std::uint32_t option, double quantity);
    void set_time(UnixNanos now, const BucketTolerance& tolerance);
    void set_settlement_average(double average);
    // Prices every held option anew, here and now.
    void anchor();

    // The sums above have put risk() in the place of posted().
    void take_posted(std::size_t lane) {
        if (!std::exchange(lanes_[lane].moved, false)) return;
        lanes_[lane].posted_at = 1 - lanes_[lane].posted_at;
    }

    // True where a parallel move by `shift` would take an option outside the accepted range.
    [[nodiscard]] bool refuses_shift(double shift) const;
    [[nodiscard]] bool at_anchor() const { return at_anchor_; }
    [[nodiscard]] const ExpiryMarket& market() const { return market_; }
    [[nodiscard]] const std::vector<Lane>& lanes() const { return lanes_; }
    [[nodiscard]] double volatility(std::uint32_t option) const { return volatility_[option] + shift_; }
    // Held options without a forward or a volatility: they are in no sum.
    [[nodiscard]] std::uint32_t unvalued() const { return unvalued_; }
    [[nodiscard]] const BucketWork& work() const { return work_; }
    void clear_fault() { work_.fault = false; }

private:
    enum class Place : std::uint8_t { out, taylor, live };

    [[nodiscard]] bool within(const BucketTolerance& tolerance) const;
    [[nodiscard]] Place place_of(std::uint32_t option) const;
    void insert(std::uint32_t option);
    void remove(std::uint32_t option);
    void weigh(std::uint32_t option, double quantity, double sign);
    void widen(double volatility);
    void refresh_unit(std::uint32_t option);
    void check_drift();
    void rebuild_sums();
    void after_update(std::uint32_t option);
    void bound_move();
    void collapse();
    void evaluate();
    void evaluate_lane(Lane& lane, const CurvePoint& rest, const CurvePoint& rounding);
    [[nodiscard]] Expansion& expansion_of(std::uint32_t option) {
        return lanes_[lane_[option]].expansions[in_coin_[option]];
    }
    void price_live();

    BucketRules rules_;
    ExpiryMarket market_;
    UnixNanos now_{};
    UnixNanos anchor_time_{};
    double anchor_forward_{0.0};
    double anchor_root_{0.0};  // sqrt(years) at the anchor
    double root_{0.0};         // now
    double shift_{0.0};        // dsigma since the anchor
    double volatility_low_{std::numeric_limits<double>::infinity()};
    double volatility_high_{0.0};
    double deviation_low_{kDeviationMax};  // of the options in the expansion
    double deviation_high_{0.0};
    double e_{0.0};         // bound of |s - s_a|
    double s_margin_{1.0};  // (s_a / s)^4 at most
    bool overrun_{false};   // moved too far for the bound to hold
    MoveMonomials moves_{};
    RemainderCurve remainder_{};
    BucketWork work_{};
    std::uint32_t epoch_{1};
    std::uint32_t updates_{0};
    std::uint32_t unvalued_{0};
    bool priced_{false};  // anchored at a forward
    bool at_anchor_{false};
    std::vector<Lane> lanes_;
    // By option.
    std::vector<std::uint32_t> lane_;
    std::vector<std::uint8_t> in_coin_;
    std::vector<double> strike_;
    std::vector<OptionType> type_;
    std::vector<double> multiplier_;
    std::vector<double> margin_rate_;
    std::vector<double> volatility_;  // less shift_
    std::vector<double> quantity_;
    std::vector<Place> place_;
    std::vector<std::uint32_t> unit_epoch_;  // anchor that `unit_` belongs to
    std::vector<ExpansionTerms> unit_;
    std::vector<std::uint32_t> live_;
};

}  // namespace keel::risk
