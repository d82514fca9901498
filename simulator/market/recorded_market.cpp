#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/core/assert.hpp"
#include "risk/options/black76.hpp"
#include "simulator/market/catalogue.hpp"
#include "simulator/market/chain_file.hpp"
#include "simulator/market/flow_hash.hpp"
#include "simulator/market/market_source.hpp"
#include "simulator/market/quote_flow.hpp"

namespace keel::simulator {

namespace {

constexpr double kWallStepSeconds = 0.02;  // a step lasts this long at the configured speed
constexpr std::int64_t kFutureRefreshSteps = 5;
constexpr std::int64_t kOptionRefreshSteps = 50;
constexpr std::uint32_t kUnlisted = std::numeric_limits<std::uint32_t>::max();

constexpr std::string_view kStepping =
    "Recorded Deribit option chains (BTC, ETH) as marks that step from snapshot to snapshot; books, sizes and trades "
    "are generated around the recorded bids, asks and marks, they were not recorded.";
constexpr std::string_view kInterpolating =
    "Recorded Deribit option chains (BTC, ETH) as marks, interpolated between snapshots; books, sizes and trades are "
    "generated around the recorded bids, asks and marks, they were not recorded.";

QuoteStyle recorded_style(const Listing& listing) {
    const bool is_btc = listing.base == Currency::btc;
    QuoteStyle style;
    if (listing.contract.is_option()) {
        style.levels = 2;
        style.spacing_ratio = 0.06;
        style.quantity_lots = is_btc ? 80.0 : 60.0;
        style.takes_per_second = 0.02;
        style.take_lots = 5.0;
        return style;
    }
    const bool is_perpetual = listing.contract.kind == InstrumentKind::perpetual;
    style.quantity_lots = (is_perpetual ? 200'000.0 : 80'000.0) / listing.contract_size;
    style.take_lots = (is_perpetual ? 10'000.0 : 4'000.0) / listing.contract_size;
    style.takes_per_second = is_perpetual ? 2.0 : 0.5;
    return style;
}

double half_spread_ratio(const Listing& listing) {
    return listing.contract.kind == InstrumentKind::perpetual ? 0.00005 : 0.0002;
}

class RecordedMarket final : public MarketSource {
public:
    RecordedMarket(const RecordedMarketConfig& config, ChainHistory history);

    UnixNanos start_time() const override { return history_.snapshots.front().time; }
    // A step past the last snapshot, so that it is served too.
    UnixNanos end_time() const override { return history_.snapshots.back().time + std::chrono::nanoseconds{step_ns_}; }
    std::int64_t step_ns() const override { return step_ns_; }
    std::span<const Listing> listings() const override { return catalogue_.listings(); }
    void step() override;
    std::span<const FlowAction> flow() const override { return flow_; }
    double index_price(Currency currency) const override;
    double volatility_index(Currency currency) const override;
    InstrumentMark mark(InstrumentId instrument) const override;
    std::uint64_t hash() const override { return hash_.value(); }
    std::string_view description() const override { return config_.interpolate ? kInterpolating : kStepping; }

private:
    // What the snapshots on both sides of now say of one listing.
    struct Seen {
        ChainRow now;   // futures and perpetuals: mark only, USD
        ChainRow next;  // meaningful where has_next
        bool is_quoted{false};
        bool has_next{false};
    };

    void enter_snapshot(std::size_t number);
    [[nodiscard]] InstrumentId listed(std::uint32_t contract, UnixNanos time);
    void see(InstrumentId instrument, const ChainRow& row);
    void flow_of(std::size_t slot_number, bool is_new_snapshot);
    [[nodiscard]] UnixNanos time() const { return start_time() + std::chrono::nanoseconds{steps_ * step_ns_}; }
    // 0 at the present snapshot, 1 at the next; always 0 without interpolation.
    [[nodiscard]] double progress() const;

    RecordedMarketConfig config_;
    ChainHistory history_;
    std::int64_t step_ns_;
    std::int64_t steps_{0};
    std::size_t present_{0};
    Catalogue catalogue_;
    std::array<InstrumentId, 2> perpetuals_{};
    std::vector<std::uint32_t> slots_;  // by contract of the history
    std::vector<Seen> seen_;            // by listing
    std::vector<QuoteFlow> quotes_;
    std::vector<FlowAction> flow_;
    FlowHash hash_;
};

RecordedMarket::RecordedMarket(const RecordedMarketConfig& config, ChainHistory history)
    : config_{config},
      history_{std::move(history)},
      step_ns_{std::max<std::int64_t>(1'000'000, std::llround(kWallStepSeconds * config.speed * 1e9))},
      slots_(history_.contracts.size(), kUnlisted) {
    perpetuals_ = {catalogue_.add_perpetual(Currency::btc, start_time() + -std::chrono::hours{24 * 365}),
                   catalogue_.add_perpetual(Currency::eth, start_time() + -std::chrono::hours{24 * 365})};
    enter_snapshot(0);
    for (std::size_t i = 0; i < quotes_.size(); ++i) flow_of(i, true);
    hash_.add(flow_);
}

InstrumentId RecordedMarket::listed(std::uint32_t contract, UnixNanos time) {
    if (slots_[contract] == kUnlisted) {
        const ContractName& name = history_.contracts[contract];
        const UnixNanos created = time;
        const InstrumentId id =
            name.type == OptionType::none
                ? catalogue_.add_future(name.base, name.expiry_day, created)
                : catalogue_.add_option(name.base, name.expiry_day, name.strike, name.type, created);
        slots_[contract] = static_cast<std::uint32_t>(slot(id));
    }
    return InstrumentId{slots_[contract]};
}

void RecordedMarket::see(InstrumentId instrument, const ChainRow& row) {
    if (seen_.size() <= slot(instrument)) seen_.resize(slot(instrument) + 1);
    Seen& seen = seen_[slot(instrument)];
    seen.now = row;
    seen.is_quoted = true;
}

void RecordedMarket::enter_snapshot(std::size_t number) {
    present_ = number;
    for (Seen& seen : seen_) seen.is_quoted = seen.has_next = false;
    const ChainSnapshot& snapshot = history_.snapshots[number];
    for (std::size_t i = 0; i < perpetuals_.size(); ++i) {
        see(perpetuals_[i], {.mark = snapshot.perpetual_usd[i], .underlying_usd = snapshot.index_usd[i]});
    }
    for (const FutureRow& row : snapshot.futures) {
        see(listed(row.contract, snapshot.time), {.mark = row.mark_usd, .underlying_usd = row.mark_usd});
    }
    for (const ChainRow& row : snapshot.options) see(listed(row.contract, snapshot.time), row);
    while (quotes_.size() < catalogue_.listings().size()) {
        const Listing& listing = catalogue_.listings()[quotes_.size()];
        quotes_.emplace_back(listing.contract, recorded_style(listing), config_.seed);
    }
    if (!config_.interpolate || number + 1 == history_.snapshots.size()) return;

    const ChainSnapshot& next = history_.snapshots[number + 1];
    const auto foresee = [this](std::uint32_t slot_number, const ChainRow& row) {
        if (slot_number == kUnlisted || slot_number >= seen_.size()) return;
        seen_[slot_number].next = row;
        seen_[slot_number].has_next = true;
    };
    for (std::size_t i = 0; i < perpetuals_.size(); ++i) {
        foresee(static_cast<std::uint32_t>(slot(perpetuals_[i])),
                {.mark = next.perpetual_usd[i], .underlying_usd = next.index_usd[i]});
    }
    for (const FutureRow& row : next.futures) {
        foresee(slots_[row.contract], {.mark = row.mark_usd, .underlying_usd = row.mark_usd});
    }
    for (const ChainRow& row : next.options) foresee(slots_[row.contract], row);
}

double RecordedMarket::progress() const {
    if (!config_.interpolate || present_ + 1 >= history_.snapshots.size()) return 0.0;
    const UnixNanos from = history_.snapshots[present_].time;
    const UnixNanos to = history_.snapshots[present_ + 1].time;
    return std::clamp(static_cast<double>((time() - from).count()) / static_cast<double>((to - from).count()), 0.0,
                      1.0);
}

double RecordedMarket::index_price(Currency currency) const {
    if (currency == Currency::usdc) return 1.0;
    const Seen& seen = seen_[slot(perpetuals_[static_cast<std::size_t>(currency)])];
    const double next = seen.has_next ? seen.next.underlying_usd : seen.now.underlying_usd;
    return std::lerp(seen.now.underlying_usd, next, progress());
}

// The venue publishes DVOL apart; here it is the at-the-money volatility of the expiry nearest to 30 days.
double RecordedMarket::volatility_index(Currency currency) const {
    constexpr double kThirtyDays = 30.0 / 365.0;
    double best_distance = std::numeric_limits<double>::infinity();
    double percent = 0.0;
    for (const Listing& listing : catalogue_.listings()) {
        const Seen& seen = seen_[slot(listing.id())];
        if (!listing.contract.is_option() || listing.base != currency || !seen.is_quoted) continue;
        const double years = years_between(time(), listing.contract.expiry);
        const double moneyness = std::abs(std::log(listing.contract.strike / seen.now.underlying_usd));
        const double distance = std::abs(years - kThirtyDays) + moneyness;
        if (distance >= best_distance) continue;
        best_distance = distance;
        percent = 100.0 * seen.now.iv_ratio;
    }
    return percent;
}

InstrumentMark RecordedMarket::mark(InstrumentId instrument) const {
    const Listing& listing = catalogue_.listings()[slot(instrument)];
    const Seen& seen = seen_[slot(instrument)];
    InstrumentMark mark{
        .mark_price = seen.now.mark, .underlying_price = seen.now.underlying_usd, .iv_ratio = seen.now.iv_ratio};
    if (!seen.has_next) return mark;
    const double share = progress();
    mark.underlying_price = std::lerp(seen.now.underlying_usd, seen.next.underlying_usd, share);
    mark.iv_ratio = std::lerp(seen.now.iv_ratio, seen.next.iv_ratio, share);
    if (!listing.contract.is_option()) {
        mark.mark_price = std::lerp(seen.now.mark, seen.next.mark, share);
        return mark;
    }
    const double years = years_between(time(), listing.contract.expiry);
    mark.mark_price = risk::black76_price({.forward = mark.underlying_price,
                                           .strike = listing.contract.strike,
                                           .years = years,
                                           .volatility = mark.iv_ratio,
                                           .type = listing.contract.option_type}) /
                      mark.underlying_price;
    return mark;
}

void RecordedMarket::flow_of(std::size_t slot_number, bool is_new_snapshot) {
    const Listing& listing = catalogue_.listings()[slot_number];
    const bool is_option = listing.contract.is_option();
    const std::int64_t every = is_option ? kOptionRefreshSteps : kFutureRefreshSteps;
    const bool is_due = (steps_ + static_cast<std::int64_t>(slot_number)) % every == 0;
    if (!is_new_snapshot && !is_due) return;
    QuoteFlow& quotes = quotes_[slot_number];
    const bool is_expired = listing.contract.expiry.ns() != 0 && time() >= listing.contract.expiry;
    const Seen& seen = seen_[slot_number];
    if (!seen.is_quoted || is_expired) {
        quotes.refresh(0.0, 0.0, flow_);
        return;
    }
    const double fair = mark(listing.id()).mark_price;
    // Rates are per wall second: a fast replay does not trade more in each of its books.
    if (steps_ > 0) quotes.arrive(fair, kWallStepSeconds * static_cast<double>(every), flow_);
    if (!is_option) {
        const double half = half_spread_ratio(listing) * fair;
        quotes.refresh(fair - half, fair + half, flow_);
        return;
    }
    // The recorded spread, carried along with the mark.
    const double shift = fair - seen.now.mark;
    quotes.refresh(seen.now.bid > 0.0 ? seen.now.bid + shift : 0.0, seen.now.ask > 0.0 ? seen.now.ask + shift : 0.0,
                   flow_);
}

void RecordedMarket::step() {
    ++steps_;
    flow_.clear();
    bool is_new_snapshot = false;
    while (present_ + 1 < history_.snapshots.size() && history_.snapshots[present_ + 1].time <= time()) {
        enter_snapshot(present_ + 1);
        is_new_snapshot = true;
    }
    for (std::size_t i = 0; i < quotes_.size(); ++i) flow_of(i, is_new_snapshot);
    hash_.add(index_price(Currency::btc));
    hash_.add(index_price(Currency::eth));
    hash_.add(flow_);
}

}  // namespace

Result<std::unique_ptr<MarketSource>> make_recorded_market(const RecordedMarketConfig& config) {
    if (!(config.speed > 0.0)) return fail(Errc::config_invalid);
    auto history = read_chains(config.folder / "deribit", config.from, config.until);
    if (!history) return fail(history.error());
    return std::make_unique<RecordedMarket>(config, std::move(*history));
}

}  // namespace keel::simulator
