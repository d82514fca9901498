#include <cmath>
#include <vector>

#include "engine/core/assert.hpp"
#include "risk/options/black76.hpp"
#include "simulator/market/catalogue.hpp"
#include "simulator/market/factors.hpp"
#include "simulator/market/flow_hash.hpp"
#include "simulator/market/market_source.hpp"
#include "simulator/market/quote_flow.hpp"
#include "simulator/market/vol_surface.hpp"

namespace keel::simulator {

namespace {

using std::chrono::sys_days;
using namespace std::chrono_literals;

// The simulated calendar starts on a fixed Thursday, so that names and hashes never depend on today.
constexpr sys_days kStartDay{2026y / std::chrono::January / 15};
constexpr std::int64_t kStepNs = 20'000'000;
constexpr double kStepSeconds = 0.02;
constexpr std::uint32_t kPerpetualRefreshSteps = 5;  // 10 ladders per second, more when the price runs
constexpr std::uint32_t kFutureRefreshSteps = 12;
constexpr std::uint32_t kOptionCheckSteps = 25;
constexpr double kOptionRefreshChance = 0.05;  // per check while its quotes still stand around the mark

struct ExpiryPlan {
    sys_days day;
    bool has_future;
    double btc_spacing_usd;
    double eth_spacing_usd;
};
constexpr int kStrikesEachSide = 4;
constexpr std::array<ExpiryPlan, 4> kExpiries{
    ExpiryPlan{2026y / std::chrono::January / 16, false, 1'000.0, 50.0},
    ExpiryPlan{2026y / std::chrono::January / 23, false, 2'000.0, 100.0},
    ExpiryPlan{2026y / std::chrono::January / 30, true, 3'000.0, 150.0},
    ExpiryPlan{2026y / std::chrono::March / 27, true, 5'000.0, 250.0},
};
constexpr std::array<double, kUnderlyingCount> kMiddleStrikes{96'000.0, 3'300.0};

QuoteStyle style_of(const Listing& listing) {
    const bool is_btc = listing.base == Currency::btc;
    QuoteStyle style;
    if (listing.contract.is_option()) {
        style.levels = 2;
        style.spacing_ratio = 0.06;
        style.quantity_lots = is_btc ? 80.0 : 60.0;
        style.replace_probability = 0.1;
        style.takes_per_second = 0.03;
        style.take_lots = is_btc ? 5.0 : 5.0;
        return style;
    }
    const bool is_perpetual = listing.contract.kind == InstrumentKind::perpetual;
    const double lots_of_usd =
        listing.settlement == Currency::usdc ? (is_btc ? 1.0 / 96.0 : 1.0 / 3.3) : 1.0 / listing.contract_size;
    style.quantity_lots = (is_perpetual ? 150'000.0 : 60'000.0) * lots_of_usd;
    style.take_lots = (is_perpetual ? 15'000.0 : 6'000.0) * lots_of_usd;
    style.takes_per_second = is_perpetual ? 3.0 : 0.7;
    style.spacing_ratio = is_perpetual ? 0.0005 : 0.001;
    style.levels = is_perpetual ? 5 : 4;
    return style;
}

// Half of the maker's spread around the fair value, fraction of the price.
double half_spread_ratio(const Listing& listing) {
    const bool is_btc = listing.base == Currency::btc;
    if (listing.contract.kind == InstrumentKind::perpetual) return is_btc ? 0.00008 : 0.00012;
    return is_btc ? 0.00025 : 0.00035;
}

class GeneratedMarket final : public MarketSource {
public:
    GeneratedMarket(const GeneratedMarketConfig& config, const Scenario& scenario);

    UnixNanos start_time() const override { return start_; }
    UnixNanos end_time() const override { return UnixNanos{}; }
    std::int64_t step_ns() const override { return kStepNs; }
    std::span<const Listing> listings() const override { return catalogue_.listings(); }
    void step() override;
    std::span<const FlowAction> flow() const override { return flow_; }
    double index_price(Currency currency) const override;
    double volatility_index(Currency currency) const override;
    InstrumentMark mark(InstrumentId instrument) const override;
    std::uint64_t hash() const override { return hash_.value(); }
    std::string_view description() const override { return scenario_.description; }

private:
    void list_instruments(bool linear_perpetuals);
    void flow_of(std::size_t instrument);
    void quote_option(std::size_t instrument);
    void hash_step();
    [[nodiscard]] const CoinFactors& factors(Currency base) const { return path_.coin(slot(base)); }
    [[nodiscard]] VolSurface surface(Currency base) const;
    [[nodiscard]] UnixNanos time() const { return start_ + std::chrono::nanoseconds{steps_ * kStepNs}; }
    static constexpr std::size_t slot(Currency currency) { return static_cast<std::size_t>(currency); }

    Scenario scenario_;
    double seconds_;
    UnixNanos start_;
    Catalogue catalogue_;
    FactorPath path_;
    std::int64_t steps_{0};
    Random option_random_;
    std::vector<QuoteFlow> quotes_;
    std::vector<FlowAction> flow_;
    FlowHash hash_;
};

GeneratedMarket::GeneratedMarket(const GeneratedMarketConfig& config, const Scenario& scenario)
    : scenario_{scenario},
      seconds_{config.seconds},
      start_{std::chrono::nanoseconds{kStartDay.time_since_epoch()}.count()},
      path_{scenario, config.seed, config.seconds, kStepSeconds},
      option_random_{config.seed, 2} {
    list_instruments(config.linear_perpetuals);
    for (const Listing& listing : catalogue_.listings()) {
        quotes_.emplace_back(listing.contract, style_of(listing), config.seed);
    }
    for (std::size_t i = 0; i < quotes_.size(); ++i) flow_of(i);
    hash_step();
}

void GeneratedMarket::list_instruments(bool linear_perpetuals) {
    const UnixNanos created = start_ + -std::chrono::hours{24 * 60};
    for (const Currency base : {Currency::btc, Currency::eth}) {
        catalogue_.add_perpetual(base, created);
        if (linear_perpetuals) catalogue_.add_linear_perpetual(base, created);
        for (const ExpiryPlan& plan : kExpiries) {
            if (plan.has_future) catalogue_.add_future(base, plan.day, created);
        }
    }
    for (const Currency base : {Currency::btc, Currency::eth}) {
        for (const ExpiryPlan& plan : kExpiries) {
            const double spacing = base == Currency::btc ? plan.btc_spacing_usd : plan.eth_spacing_usd;
            const UnixNanos listed = plan.has_future ? created : expiry_time(plan.day) + -std::chrono::hours{24 * 14};
            for (int away = -kStrikesEachSide; away <= kStrikesEachSide; ++away) {
                const double strike = kMiddleStrikes[slot(base)] + away * spacing;
                catalogue_.add_option(base, plan.day, strike, OptionType::call, listed);
                catalogue_.add_option(base, plan.day, strike, OptionType::put, listed);
            }
        }
    }
}

double GeneratedMarket::index_price(Currency currency) const {
    return currency == Currency::usdc ? 1.0 : factors(currency).spot_usd;
}

VolSurface GeneratedMarket::surface(Currency base) const {
    VolSurface surface;
    surface.atm_short_ratio = factors(base).atm_iv_ratio;
    surface.atm_long_ratio = base == Currency::btc ? 0.47 : 0.66;
    return surface;
}

double GeneratedMarket::volatility_index(Currency currency) const {
    constexpr double kThirtyDays = 30.0 / 365.0;  // what DVOL measures; here the at-the-money level
    return currency == Currency::usdc ? 0.0 : 100.0 * surface(currency).atm_iv(kThirtyDays);
}

InstrumentMark GeneratedMarket::mark(InstrumentId instrument) const {
    const Listing& listing = catalogue_.listings()[keel::slot(instrument)];
    const CoinFactors& coin = factors(listing.base);
    InstrumentMark mark;
    if (listing.contract.kind == InstrumentKind::perpetual) {
        mark.underlying_price = coin.spot_usd;
        mark.mark_price = coin.spot_usd * (1.0 + coin.perpetual_basis_ratio);
        return mark;
    }
    const double years = years_between(time(), listing.contract.expiry);
    const double forward = coin.spot_usd * std::exp(coin.carry_per_year * years);
    mark.underlying_price = forward;
    mark.mark_price = forward;
    if (!listing.contract.is_option()) return mark;
    const double strike = listing.contract.strike;
    mark.iv_ratio = years > 0.0 ? surface(listing.base).iv(std::log(strike / forward), years) : 0.0;
    mark.mark_price = risk::black76_price({.forward = forward,
                                           .strike = strike,
                                           .years = years,
                                           .volatility = mark.iv_ratio,
                                           .type = listing.contract.option_type}) /
                      forward;
    return mark;
}

void GeneratedMarket::quote_option(std::size_t instrument) {
    const Listing& listing = catalogue_.listings()[instrument];
    QuoteFlow& quotes = quotes_[instrument];
    const double fair = mark(listing.id()).mark_price;
    quotes.arrive(fair, kStepSeconds * kOptionCheckSteps, flow_);
    const bool is_around = quotes.bid() <= fair && fair <= quotes.ask();
    const bool is_renewed = option_random_.chance(kOptionRefreshChance);
    if (steps_ > 0 && is_around && !is_renewed) return;
    const double tick = listing.contract.tick.to_double() *
                        static_cast<double>(listing.contract.tick_at(listing.contract.price_floor(fair)));
    const double half = std::max(tick, 0.03 * fair);
    quotes.refresh(fair - half, fair + half, flow_);
}

void GeneratedMarket::flow_of(std::size_t instrument) {
    const Listing& listing = catalogue_.listings()[instrument];
    if (listing.contract.kind != InstrumentKind::perpetual && time() >= listing.contract.expiry) return;
    const auto phase = static_cast<std::uint64_t>(steps_) + instrument;
    if (listing.contract.is_option()) {
        if (steps_ == 0 || phase % kOptionCheckSteps == 0) quote_option(instrument);
        return;
    }
    QuoteFlow& quotes = quotes_[instrument];
    const double fair = mark(listing.id()).mark_price;
    if (steps_ > 0) quotes.arrive(fair, kStepSeconds, flow_);
    const bool is_perpetual = listing.contract.kind == InstrumentKind::perpetual;
    const bool is_due = phase % (is_perpetual ? kPerpetualRefreshSteps : kFutureRefreshSteps) == 0;
    // Makers pull a quote that the fair value has left behind at once, not at their next turn.
    const double half = half_spread_ratio(listing) * fair;
    const bool is_passed = fair <= quotes.bid() - half || (quotes.ask() > 0.0 && fair >= quotes.ask() + half);
    if (steps_ > 0 && !is_due && !is_passed) return;
    quotes.refresh(fair - half, fair + half, flow_);
}

void GeneratedMarket::hash_step() {
    if (path_.elapsed_seconds() > seconds_ + 0.5 * kStepSeconds) return;
    for (std::size_t i = 0; i < kUnderlyingCount; ++i) {
        const CoinFactors& coin = path_.coin(i);
        hash_.add(coin.spot_usd);
        hash_.add(coin.atm_iv_ratio);
        hash_.add(coin.perpetual_basis_ratio);
        hash_.add(coin.carry_per_year);
    }
    hash_.add(flow_);
}

void GeneratedMarket::step() {
    ++steps_;
    path_.step();
    flow_.clear();
    for (std::size_t i = 0; i < quotes_.size(); ++i) flow_of(i);
    hash_step();
}

}  // namespace

Result<std::unique_ptr<MarketSource>> make_generated_market(const GeneratedMarketConfig& config) {
    const std::optional<Scenario> scenario = find_scenario(config.scenario);
    if (!scenario || !(config.seconds > 0.0)) return fail(Errc::config_invalid);
    return std::make_unique<GeneratedMarket>(config, *scenario);
}

}  // namespace keel::simulator
