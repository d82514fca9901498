#include <gtest/gtest.h>

#include <map>
#include <random>

#include "risk/portfolio/contract_pnl.hpp"
#include "risk/portfolio/risk_engine.hpp"
#include "tests/risk/portfolio/risk_market.hpp"

namespace keel::risk {
namespace {

using test::kNaN;
using test::RiskMarket;
using test::TickerOf;

constexpr double kRelative = 1e-9;

// Full revaluation: keeps every holding and latest ticker itself, and prices the whole portfolio from
// nothing each time it is asked.
class Reference {
public:
    explicit Reference(const InstrumentTable& table) : table_{table} {}

    struct Row {
        double lots{0.0};
        double entry{0.0};
        MarketInputs inputs{};
        bool priced{false};
    };
    struct Totals {
        Sensitivities sums{};
        Sensitivities gross{};  // of magnitudes: the scale that rounding is measured on
        std::map<UnixNanos, Sensitivities> by_expiry{};
    };

    void on_ticker(const Event& event) {
        const Instrument& instrument = table_[event.instrument];
        const MarketInputs inputs = inputs_from(event.as<Ticker>(), instrument, event.receive_time);
        UnitValue unit;
        if (!value_unit(instrument, inputs, unit)) return;
        rows_[event.instrument].inputs = inputs;
        rows_[event.instrument].priced = true;
    }
    void on_fill(const Event& event) {
        const auto fill = event.as<FillReport>();
        const Instrument& instrument = table_[event.instrument];
        Row& row = rows_[event.instrument];
        const bool inverse = is_inverse(instrument) && !instrument.is_option();
        const double quantity = sign(event.side()) * static_cast<double>(fill.quantity.count());
        const double price = instrument.price_value(fill.price);
        Holding holding{.quantity = row.lots, .entry = row.entry};
        const double face = lot_face(instrument);
        const double realised =
            apply_fill(holding, inverse ? ContractForm::inverse : ContractForm::linear, face, quantity, price);
        row.lots = holding.quantity;
        row.entry = holding.entry;
        cash_[instrument.settlement] += instrument.is_option() ? -quantity * face * price : realised;
        cash_[instrument.settlement] -= static_cast<double>(fill.fee.count()) * kMoneyUnit;
    }
    // Opening cash of a currency, told while nothing is held.
    void on_balance(CurrencyId currency, double equity) { cash_[currency] = equity; }

    [[nodiscard]] Totals totals(UnderlyingId underlying) const {
        Totals out;
        for (const auto& [id, row] : rows_) {
            const Instrument& instrument = table_[id];
            UnitValue unit;
            if (!row.priced || instrument.underlying != underlying) continue;
            if (!value_unit(instrument, row.inputs, unit)) continue;
            add(out.sums, scaled(unit.risk, row.lots));
            add(out.by_expiry[instrument.expiry], scaled(unit.risk, row.lots));
            auto magnitudes = std::bit_cast<SensitivityArray>(scaled(unit.risk, row.lots));
            for (double& value : magnitudes) value = std::abs(value);
            add(out.gross, std::bit_cast<Sensitivities>(magnitudes));
        }
        return out;
    }
    [[nodiscard]] double equity(CurrencyId currency) const {
        double total = cash_.contains(currency) ? cash_.at(currency) : 0.0;
        for (const auto& [id, row] : rows_) {
            const Instrument& instrument = table_[id];
            UnitValue unit;
            if (instrument.settlement != currency || !row.priced || row.lots == 0.0) continue;
            if (!value_unit(instrument, row.inputs, unit)) continue;
            const ContractForm form = is_inverse(instrument) ? ContractForm::inverse : ContractForm::linear;
            total += instrument.is_option()
                         ? row.lots * unit.value
                         : contract_pnl(form, lot_face(instrument), row.lots, row.entry, row.inputs.mark);
        }
        return total;
    }

private:
    static void add(Sensitivities& sum, const Sensitivities& term) {
        auto total = std::bit_cast<SensitivityArray>(sum);
        const auto part = std::bit_cast<SensitivityArray>(term);
        for (std::size_t i = 0; i < total.size(); ++i) total[i] += part[i];
        sum = std::bit_cast<Sensitivities>(total);
    }
    const InstrumentTable& table_;
    std::map<InstrumentId, Row> rows_;
    std::map<CurrencyId, double> cash_;
};

bool near(const Sensitivities& got, const Sensitivities& want, const Sensitivities& scale) {
    const auto a = std::bit_cast<SensitivityArray>(got);
    const auto b = std::bit_cast<SensitivityArray>(want);
    const auto s = std::bit_cast<SensitivityArray>(scale);
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!(std::abs(a[i] - b[i]) <= kRelative * s[i])) return false;
    }
    return true;
}

// One random stream: prices walk, volatilities move, tickers come garbled now and then, fills open,
// close and flip, the clock jumps.
class RandomStream {
public:
    explicit RandomStream(std::uint32_t seed)
        : random_{seed}, reference_{market_.table()}, risk_{config(seed), market_.table()} {
        for (const auto& list : {market_.perpetuals, market_.futures, market_.linears, market_.options}) {
            all_.insert(all_.end(), list.begin(), list.end());
        }
        for (const char* coin : {"BTC", "ETH"}) {
            deposit(market_.currency(coin), 50.0);
            apply(market_.index(market_.underlying(coin), price_[coin]));
        }
        deposit(market_.currency("USDC"), 1e6);
    }

    void run(std::size_t events) {
        for (std::size_t i = 0; i < events && !::testing::Test::HasFailure(); ++i) {
            step();
            compare(i);
        }
    }

private:
    static RiskConfig config(std::uint32_t seed) {
        RiskConfig out;
        out.hedge_numeraire = seed % 2 == 0 ? HedgeNumeraire::usd : HedgeNumeraire::coin;
        out.boundaries = {
            {.metric = Metric::net_delta, .soft = 1.0, .hard = 5.0}
        };
        return out;
    }
    double uniform(double low, double high) { return std::uniform_real_distribution{low, high}(random_); }
    std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>{0, count - 1}(random_); }

    void apply(const Event& event) {
        risk_.apply(event, market_.view());
        (void)risk_.evaluate(market_.view());
    }
    void deposit(CurrencyId currency, double amount) {
        apply(market_.balance(currency, amount));
        reference_.on_balance(currency, amount);
    }
    void step() {
        market_.advance(std::chrono::microseconds{pick(3'000'000)});
        const InstrumentId id = all_[pick(all_.size())];
        const Instrument& instrument = market_.of(id);
        const std::string coin{market_.table().name_of(instrument.underlying)};
        double& price = price_[coin];
        price *= std::exp(uniform(-0.002, 0.002));
        switch (pick(8)) {
            case 0: return apply(market_.index(instrument.underlying, price));
            case 1: return apply(market_.timer());
            case 2:
            case 3: {
                const double at = instrument.is_option() ? (is_inverse(instrument) ? 0.03 : 0.03 * price) : price;
                const Money fee{static_cast<std::int64_t>(pick(20'000)) - 5'000};
                const Side side = pick(2) == 0 ? Side::bid : Side::ask;
                const std::int64_t lots = 1 + static_cast<std::int64_t>(pick(instrument.is_option() ? 30 : 3'000));
                const Event event = market_.fill(id, side, lots, at, fee);
                reference_.on_fill(event);
                return apply(event);
            }
            default: break;
        }
        TickerOf ticker{.mark = price * uniform(0.99, 1.01), .index = price};
        if (instrument.is_option()) {
            ticker.forward = price * uniform(0.995, 1.01);
            ticker.iv = uniform(0.3, 1.2);
            ticker.mark = pick(3) == 0 ? kNaN : uniform(0.0, 0.1) * (is_inverse(instrument) ? 1.0 : price);
        }
        if (pick(20) == 0) ticker.mark = ticker.forward = pick(2) == 0 ? kNaN : -1.0;
        const Event event = market_.ticker(id, ticker);
        reference_.on_ticker(event);
        apply(event);
    }
    void compare(std::size_t i) {
        for (const char* coin : {"BTC", "ETH"}) {
            const UnderlyingId underlying = market_.underlying(coin);
            const Reference::Totals want = reference_.totals(underlying);
            ASSERT_TRUE(near(risk_.underlying(underlying).sums, want.sums, want.gross)) << coin << " event " << i;
            for (const auto& [expiry, sums] : want.by_expiry) {
                ASSERT_TRUE(near(risk_.expiry_sums(underlying, expiry), sums, want.gross)) << coin << " event " << i;
            }
        }
        for (const char* name : {"BTC", "ETH", "USDC"}) {
            const double want = reference_.equity(market_.currency(name));
            ASSERT_NEAR(risk_.equity(market_.currency(name)), want,
                        kRelative * std::abs(want) + kMoneyUnit * static_cast<double>(i))
                << name << " event " << i;
        }
    }

    std::mt19937 random_;
    RiskMarket market_{12};
    Reference reference_;
    RiskEngine risk_;
    std::vector<InstrumentId> all_;
    std::map<std::string, double> price_{
        {"BTC", 90'000.0},
        {"ETH", 3'000.0 }
    };
};

TEST(RiskEngineProperty, EqualsFullRevaluationAfterEveryEventOfRandomStreams) {
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RandomStream{seed}.run(400);
        if (HasFailure()) return;
    }
}

// Positions in options only, each moved once by a fill, then one ticked a thousand times.
std::uint64_t work_of_ticks(std::size_t positions) {
    RiskMarket market{positions / 2};
    RiskConfig config;
    for (const Metric metric : {Metric::net_delta, Metric::gamma_1pct_usd, Metric::vega_usd, Metric::leverage_gross}) {
        config.boundaries.push_back({.metric = metric, .soft = 1e9, .hard = 2e9});
    }
    RiskEngine risk{config, market.table()};
    const auto apply = [&](const Event& event) {
        risk.apply(event, market.view());
        (void)risk.evaluate(market.view());
    };
    const auto premium = [&](InstrumentId id) { return is_inverse(market.of(id)) ? 0.03 : 2'700.0; };
    const auto tick = [&](InstrumentId id, double iv) {
        apply(market.ticker(id, {.mark = premium(id), .forward = 90'000.0, .iv = iv, .index = 90'000.0}));
    };
    for (const InstrumentId id : market.options) {
        tick(id, 0.5);
        apply(market.fill(id, Side::ask, 3, premium(id)));
    }
    EXPECT_EQ(risk.held().size(), positions);
    const std::uint64_t before = risk.work();
    for (int i = 0; i < 1'000; ++i) {
        tick(market.options[static_cast<std::size_t>(i) % market.options.size()], 0.5 + 0.001 * (i % 50));
        if (i % 10 == 0) apply(market.index(market.underlying("BTC"), 90'000.0 + i));
        if (i % 10 == 5) apply(market.timer());
        if (i % 10 == 7) apply(market.fill(market.options.front(), Side::bid, 1, 0.03));
        market.advance(std::chrono::milliseconds{1});
    }
    return risk.work() - before;
}

TEST(RiskEngineProperty, WorkPerTickDoesNotGrowWithPositions) {
    const std::uint64_t few = work_of_ticks(10);
    const std::uint64_t many = work_of_ticks(10'000);
    EXPECT_GT(few, 1'000U);
    EXPECT_LE(many, 2 * few) << few << " units of work with 10 positions, " << many << " with 10,000";
    std::cout << "[ work     ] 1,000 ticks: " << few << " with 10 positions, " << many << " with 10,000\n";
}

}  // namespace
}  // namespace keel::risk
