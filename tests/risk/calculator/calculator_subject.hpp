#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "risk/calculator/risk_calculator.hpp"
#include "tests/risk/book/random_book.hpp"
#include "tests/risk/margin/margin_tables.hpp"

namespace keel::risk::test {

inline constexpr std::size_t kScenarios = 500;
inline constexpr std::size_t kCoins = 2;

// Days of two coins and their volatilities: 3 and 4 % a day, 6 % of ln iv, which rises when the coin falls.
inline ScenarioSet random_scenarios(std::uint64_t seed, std::size_t scenarios = kScenarios) {
    std::mt19937_64 random{seed};
    std::normal_distribution<double> normal;
    std::array<std::vector<double>, 2 * kCoins> moves;
    for (std::size_t s = 0; s < scenarios; ++s) {
        const double common = normal(random);
        for (std::size_t u = 0; u < kCoins; ++u) {
            const double coin = 0.8 * common + 0.6 * normal(random);
            moves[u].push_back((0.03 + 0.01 * static_cast<double>(u)) * coin);
            moves[kCoins + u].push_back(0.06 * (-0.6 * coin + 0.8 * normal(random)));
        }
    }
    ScenarioSet set{scenarios, moves.size()};
    for (std::size_t f = 0; f < moves.size(); ++f) {
        const std::vector<double> then(scenarios, f < kCoins ? 0.03 : 0.06);
        if (!set.set_factor(f, moves[f], then)) std::abort();
    }
    return set;
}

// Two venues' laws and the tables that they read; which laws, the seed says.
struct MarginModels {
    DeribitTables deribit = deribit_tables();
    TierTable tiers, sized;  // sized: fills cross its edges
    std::vector<const DeribitFutureMargin*> futures;
    std::vector<const DeribitOptionMargin*> options;
    std::vector<const DeribitMatrixParameters*> matrices;
    std::vector<const TierTable*> tier_tables, sized_tables;
    std::array<VenueMarginModel, 2> venues;

    MarginModels(const Book& book, std::uint64_t seed) {
        if (tiers.assign(binance_tables().tiers.at("BTCUSDT"), 1e-9) != TierProblem::none) std::abort();
        const std::array steps{MarginTier{.cap = 0.1, .maintenance_rate = 0.004, .leverage_max = 50.0},
                               MarginTier{.cap = 5'000.0, .maintenance_rate = 0.01, .leverage_max = 8.0},
                               MarginTier{.cap = 15'000.0, .maintenance_rate = 0.02, .leverage_max = 5.0},
                               MarginTier{.cap = 1e9, .maintenance_rate = 0.05, .leverage_max = 2.0}};
        if (sized.assign(steps, 1e-9, TierRule::whole) != TierProblem::none) std::abort();
        for (const Contract& contract : book.contracts) {
            const bool first = contract.underlying == UnderlyingSlot{0};
            futures.push_back(&deribit.futures.at(first ? "BTC" : "ETH"));
            options.push_back(&deribit.options.at(first ? "BTC" : "ETH"));
            matrices.push_back(&deribit.matrices.at(first ? "btc_usd" : "eth_usd"));
            tier_tables.push_back(&tiers);
            sized_tables.push_back(&sized);
        }
        constexpr std::array kLaws{MarginLaw::deribit_portfolio, MarginLaw::deribit_standard, MarginLaw::binance_tiers,
                                   MarginLaw::bybit_cross, MarginLaw::okx_cross};
        for (std::size_t v = 0; v < venues.size(); ++v) {
            const MarginLaw law = kLaws[(seed + v * (1 + seed / kLaws.size())) % kLaws.size()];
            venues[v] = {.law = law,
                         .futures = futures,
                         .options = options,
                         .matrices = matrices,
                         .portfolio = deribit.portfolio,
                         .tiers = law == MarginLaw::okx_cross ? sized_tables : tier_tables,
                         .bybit_option = bybit_tables().option,
                         .leverage = 10.0,
                         .taker_fee_rate = 0.0006};
            venues[v].portfolio.worst_case_decimals = 0;  // nothing hides a difference
        }
    }
    MarginModels(const MarginModels&) = delete;
    MarginModels& operator=(const MarginModels&) = delete;
};

// A calculator over a random book, half of whose contracts are held, and the events that drive it. `truth` is what the
// events tell; the calculator begins with all of it, or with gaps that later events fill.
struct CalculatorSubject {
    RandomBook source;
    MarketState truth;
    MarginModels models;
    RiskCalculator calculator;
    std::vector<bool> settled;
    bool clock_stands{false};  // step() moves no time

    explicit CalculatorSubject(std::uint64_t seed, bool delivering = false, bool with_gaps = false,
                               std::size_t scenarios = kScenarios)
        : source{seed, delivering},
          truth{source.market},
          models{source.book, seed},
          calculator{source.book, with_gaps ? market_with_gaps() : truth, random_scenarios(seed, scenarios),
                     models.venues},
          settled(truth.expiries.size()) {
        for (std::size_t i = 0; i < source.book.contracts.size(); ++i) {
            if (source.one_in(2)) fill(i);
        }
        calculator.publish();
    }

    const MarketState& market() const { return calculator.book().market(); }
    bool is_settled(const Contract& contract) const {
        return contract.expiry != ExpirySlot::none && settled[static_cast<std::size_t>(contract.expiry)];
    }
    MarketState market_with_gaps() {
        constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
        MarketState out = truth;
        for (UnderlyingMarket& underlying : out.underlyings) {
            if (source.one_in(3)) underlying.index = source.one_in(2) ? kNone : 1e12;
        }
        for (ExpiryMarket& expiry : out.expiries) {
            if (source.one_in(3)) expiry.forward = source.one_in(2) ? kNone : 0.0;
        }
        for (double& stable : out.stables) {
            if (source.one_in(3)) stable = source.one_in(2) ? kNone : -1.0;
        }
        for (ContractQuote& quote : out.quotes) {
            if (source.one_in(3)) quote = {};
        }
        return out;
    }
    // Every price once, as it is.
    void tell_all() {
        IncrementalBook& book = calculator.book();
        for (std::size_t u = 0; u < kCoins; ++u) (void)book.on_index(UnderlyingSlot(u), truth.underlyings[u].index);
        for (std::size_t s = 0; s < truth.stables.size(); ++s) (void)book.on_stable(StableSlot(s), truth.stables[s]);
        for (std::size_t e = 0; e < settled.size(); ++e)
            (void)book.on_forward(ExpirySlot(e), truth.expiries[e].forward);
        for (std::size_t i = 0; i < truth.quotes.size(); ++i) {
            const ContractSlot slot{static_cast<std::uint32_t>(i)};
            const ContractKind kind = source.book.contracts[i].kind;
            if (is_option(kind)) {
                (void)book.on_volatility(slot, truth.quotes[i].volatility);
            } else if (!is_cash(kind)) {
                (void)book.on_mark(slot, truth.quotes[i].mark);
            }
        }
    }
    double step_of(double sigma) { return std::exp(std::normal_distribution<double>{0.0, sigma}(source.random)); }

    void fill(std::size_t row) {
        const Contract& contract = source.book.contracts[row];
        if (is_cash(contract.kind) || is_settled(contract)) return;
        const ContractSlot slot{static_cast<std::uint32_t>(row)};
        double quantity = std::round(source.uniform(-20.0, 20.0));
        if (contract.kind == ContractKind::inverse_future) quantity *= 50.0;
        if (contract.kind == ContractKind::liquidity) quantity = std::abs(quantity);
        if (source.one_in(3) && is_option(contract.kind)) quantity = -calculator.book().holding(slot).quantity;
        if (quantity == 0.0) return;
        double price = truth.quotes[row].mark;
        if (contract.kind == ContractKind::inverse_option) price = 0.02;
        if (contract.kind == ContractKind::linear_option) price = 300.0;
        if (contract.kind == ContractKind::liquidity) price = 100.0;
        (void)calculator.book().on_fill(slot, quantity, price, 0.0);
    }
    // Prices of everything, time, now and then an account event, a settlement, nonsense.
    void step() {
        IncrementalBook& book = calculator.book();
        const auto row = source.below(source.book.contracts.size());
        const ContractSlot slot{static_cast<std::uint32_t>(row)};
        const auto expiry = source.below(settled.size());
        const auto coin = source.below(kCoins);
        switch (source.below(12)) {
            case 0: fill(row); break;
            case 1: {
                if (!is_option(source.book.contracts[row].kind)) break;
                double& volatility = truth.quotes[row].volatility;
                volatility = std::clamp(volatility * step_of(source.one_in(4) ? 0.03 : 3e-3), 0.1, 4.0);
                (void)book.on_volatility(slot, volatility);
                break;
            }
            case 2: (void)book.on_volatility_shift(ExpirySlot(expiry), source.uniform(-0.01, 0.01)); break;
            case 3: (void)book.on_index(UnderlyingSlot(coin), truth.underlyings[coin].index *= step_of(3e-4)); break;
            case 4: (void)book.on_mark(slot, truth.quotes[row].mark *= step_of(3e-4)); break;
            case 5: (void)book.on_stable(StableSlot(coin), truth.stables[coin] *= step_of(1e-4)); break;
            case 6:
                if (is_cash(source.book.contracts[row].kind)) (void)book.on_cash(slot, source.uniform(-0.5, 0.5));
                break;
            case 7: (void)book.on_funding(slot, source.uniform(-2e-4, 4e-4)); break;
            case 8: settle_what_is_due(); break;
            case 9: {
                const double average = truth.expiries[expiry].forward * step_of(1e-3);
                (void)book.on_settlement_average(ExpirySlot(expiry), average);
                break;
            }
            default:
                truth.expiries[expiry].forward *= source.one_in(100) ? step_of(0.03) : step_of(3e-4);
                (void)book.on_forward(ExpirySlot(expiry), truth.expiries[expiry].forward);
        }
        if (!source.one_in(5) || clock_stands) return;
        const double seconds = source.one_in(50) ? 60.0 : source.uniform(0.0, 2.0);
        (void)book.on_clock(market().now + std::chrono::nanoseconds{std::llround(seconds * 1e9)});
    }
    void settle_what_is_due() {
        for (std::size_t e = 0; e < settled.size(); ++e) {
            if (settled[e] || market().now < truth.expiries[e].expiry) continue;
            settled[e] = true;
            (void)calculator.book().on_settlement(ExpirySlot(e), truth.expiries[e].forward);
        }
    }

    // What the book holds and stands on, for a revaluation of one's own.
    Book book_now() const {
        Book out = source.book;
        for (std::size_t i = 0; i < out.contracts.size(); ++i) {
            out.holdings[i] = calculator.book().holding(ContractSlot{static_cast<std::uint32_t>(i)});
        }
        return out;
    }
    MarketState market_now() const {
        MarketState out = market();
        for (std::size_t i = 0; i < out.quotes.size(); ++i) {
            if (!is_option(source.book.contracts[i].kind)) continue;
            out.quotes[i].volatility = calculator.book().volatility(ContractSlot{static_cast<std::uint32_t>(i)});
        }
        return out;
    }
};

}  // namespace keel::risk::test
