#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <random>

#include "risk/calculator/risk_calculator.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kBuckets = 40;  // two coins, twenty expiries each
constexpr std::size_t kBucket = 4;    // the expiry of the first coin that events reach
constexpr std::size_t kScenarios = 500;

ScenarioSet scenarios() {
    std::mt19937_64 random{7};
    std::normal_distribution<double> normal;
    ScenarioSet set{kScenarios, 4};
    for (std::size_t f = 0; f < set.factors(); ++f) {
        std::vector<double> moves(kScenarios);
        for (double& move : moves) move = (f < 2 ? 0.03 : 0.06) * normal(random);
        if (!set.set_factor(f, moves, {})) std::abort();
    }
    return set;
}

// So many options over forty expiries, all held, one perpetual and cash of each coin.
struct Subject {
    Book book;
    MarketState market;
    std::mt19937_64 random{20'250'101};

    // `left` to the expiry that events reach, where it is not the nineteen days of its place.
    explicit Subject(std::size_t options, std::chrono::nanoseconds left = {}) {
        market.now = unix_nanos_from_ms(1'767'225'600'000);
        market.underlyings = {{.index = 65'000.0}, {.index = 3'200.0}};
        market.stables = {1.0};
        book.underlying_names = {"BTC", "ETH"};
        book.stable_names = {"USDC"};
        book.venue_names = {"venue"};
        for (std::uint16_t u = 0; u < 2; ++u) {
            const UnderlyingSlot coin{u};
            add({.kind = ContractKind::coin_cash, .underlying = coin, .venue = VenueSlot{0}}, {}, 2'000.0);
            add({.kind = ContractKind::inverse_future, .underlying = coin, .venue = VenueSlot{0}, .multiplier = 10.0},
                {.mark = market.underlyings[u].index}, 1'000.0);
            book.holdings.back().entry = market.underlyings[u].index;
        }
        for (std::size_t b = 0; b < kBuckets; ++b) {
            const auto u = static_cast<std::uint16_t>(b % 2);
            const double days = 1.0 + 9.0 * static_cast<double>(b / 2);
            market.expiries.push_back({.underlying = UnderlyingSlot{u},
                                       .expiry = market.now + std::chrono::nanoseconds{std::llround(days * 86'400e9)},
                                       .forward = market.underlyings[u].index});
        }
        if (left.count() > 0) market.expiries[kBucket].expiry = market.now + left;
        for (std::size_t i = 0; i < options; ++i) {
            const ExpiryMarket& expiry = market.expiries[i % kBuckets];
            const double deviation = 0.6 * std::sqrt(years_between(market.now, expiry.expiry));
            add({.kind = ContractKind::inverse_option,
                 .type = i % 2 == 0 ? OptionType::call : OptionType::put,
                 .underlying = expiry.underlying,
                 .expiry = ExpirySlot(i % kBuckets),
                 .venue = VenueSlot{0},
                 .strike = expiry.forward * std::exp(deviation * uniform(-2.0, 2.0))},
                {.volatility = uniform(0.5, 0.7)}, std::round(uniform(-10.0, 10.0)) + 0.5);
        }
    }
    double uniform(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random); }
    void add(const Contract& contract, const ContractQuote& quote, double quantity) {
        book.contracts.push_back(contract);
        book.holdings.push_back({.quantity = quantity});
        book.names.emplace_back();
        market.quotes.push_back(quote);
    }
};

// A forward or an index that walks up and down within 1 % of where it began.
class Walk {
public:
    explicit Walk(double start) : start_{start}, price_{start} {}
    double next() { return price_ = price_ < 1.01 * start_ ? price_ * 1.00001 : start_; }

private:
    double start_;
    double price_;
};

// The twenty options of one expiry and what VaR and ES need of them; no stress cells, no margin, no O(1) metrics.
struct Bucket {
    Subject subject;
    ScenarioSet set{scenarios()};
    ScenarioVector vector{set, 1};
    ExpiryScenarios options;
    std::vector<double> pnl = std::vector<double>(kScenarios);
    Walk walk{65'000.0};
    std::vector<std::size_t> rows;

    explicit Bucket(std::chrono::nanoseconds left = {})
        : subject{20 * kBuckets, left}, options{subject.book, subject.market, ExpirySlot{kBucket}, kScenarios} {
        for (std::size_t i = 0; i < subject.book.contracts.size(); ++i) {
            if (subject.book.contracts[i].expiry == ExpirySlot{kBucket}) rows.push_back(i);
        }
        publish();
    }
    void tick() { subject.market.expiries[kBucket].forward = walk.next(); }
    TailMeasures publish() {
        benchmark::DoNotOptimize(options.refresh());
        options.scenario_pnl(set, pnl);
        if (!vector.replace_bucket(0, pnl)) std::abort();
        return *vector.read(0.99);
    }
};

// From one event to VaR and ES read.
void BucketForwardToTail(benchmark::State& state) {
    Bucket bucket;
    for (auto _ : state) {
        bucket.tick();
        benchmark::DoNotOptimize(bucket.publish());
    }
}
BENCHMARK(BucketForwardToTail);

void BucketFillToTail(benchmark::State& state) {
    Bucket bucket;
    std::size_t event = 0;
    for (auto _ : state) {
        const std::size_t row = bucket.rows[event / 2 % bucket.rows.size()];
        bucket.subject.book.holdings[row].quantity += event++ % 2 == 0 ? 1.0 : -1.0;
        benchmark::DoNotOptimize(bucket.publish());
    }
}
BENCHMARK(BucketFillToTail);

// One volatility by 1 % against those of the others.
void BucketVolatilityToTail(benchmark::State& state) {
    Bucket bucket;
    std::size_t event = 0;
    for (auto _ : state) {
        const std::size_t row = bucket.rows[event / 2 % bucket.rows.size()];
        bucket.subject.market.quotes[row].volatility *= event++ % 2 == 0 ? 1.01 : 1.0 / 1.01;
        benchmark::DoNotOptimize(bucket.publish());
    }
}
BENCHMARK(BucketVolatilityToTail);

// A forward tick of an expiry that delivers soon; the last one is in its averaging window.
void BucketLastHoursToTail(benchmark::State& state) {
    Bucket bucket{std::chrono::minutes{state.range(0)}};
    if (state.range(0) < 30) bucket.subject.market.expiries[kBucket].settlement_window = std::chrono::minutes{30};
    for (auto _ : state) {
        bucket.tick();
        benchmark::DoNotOptimize(bucket.publish());
    }
}
BENCHMARK(BucketLastHoursToTail)->ArgName("minutes")->Arg(480)->Arg(120)->Arg(60)->Arg(40)->Arg(20);

void BucketLastHoursFillToTail(benchmark::State& state) {
    Bucket bucket{std::chrono::minutes{state.range(0)}};
    double quantity = 1.0;
    for (auto _ : state) {
        bucket.subject.book.holdings[bucket.rows[7]].quantity += quantity = -quantity;
        benchmark::DoNotOptimize(bucket.publish());
    }
}
BENCHMARK(BucketLastHoursFillToTail)->ArgName("minutes")->Arg(480)->Arg(120)->Arg(60)->Arg(40);

void BucketLastHoursVolatilityToTail(benchmark::State& state) {
    Bucket bucket{std::chrono::minutes{state.range(0)}};
    double factor = 1.01;
    for (auto _ : state) {
        bucket.subject.market.quotes[bucket.rows[7]].volatility *= factor;
        factor = 1.0 / factor;
        benchmark::DoNotOptimize(bucket.publish());
    }
}
BENCHMARK(BucketLastHoursVolatilityToTail)->ArgName("minutes")->Arg(480)->Arg(120)->Arg(60)->Arg(40);

// A forward tick, then everything it moved: VaR and ES of 500 scenarios, the worst of 90 cells of its coin.
void ForwardToPublication(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    RiskCalculator calculator{subject.book, subject.market, scenarios()};
    Walk walk{65'000.0};
    for (auto _ : state) {
        (void)calculator.book().on_forward(ExpirySlot{kBucket}, walk.next());
        calculator.publish();
        benchmark::DoNotOptimize(calculator.tail(0.99));
    }
}
BENCHMARK(ForwardToPublication)->ArgName("options")->Arg(400)->Arg(10'000);

// An index tick: every bucket of the coin is told at another rate; no cell is priced.
void IndexToPublication(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    RiskCalculator calculator{subject.book, subject.market, scenarios()};
    Walk walk{65'000.0};
    for (auto _ : state) {
        (void)calculator.book().on_index(UnderlyingSlot{0}, walk.next());
        calculator.publish();
        benchmark::DoNotOptimize(calculator.tail(0.99));
    }
}
BENCHMARK(IndexToPublication)->ArgName("options")->Arg(400)->Arg(10'000);

// A perpetual's mark: the linear part alone.
void MarkToPublication(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    RiskCalculator calculator{subject.book, subject.market, scenarios()};
    Walk walk{65'000.0};
    for (auto _ : state) {
        (void)calculator.book().on_mark(ContractSlot{1}, walk.next());
        calculator.publish();
        benchmark::DoNotOptimize(calculator.tail(0.99));
    }
}
BENCHMARK(MarkToPublication)->ArgName("options")->Arg(400)->Arg(10'000);

// What the forty expiries and two coins add to it, from the profits of the scenarios that it looks at.
void ContributionsRead(benchmark::State& state) {
    Subject subject{400};
    RiskCalculator calculator{subject.book, subject.market, scenarios()};
    for (auto _ : state) {
        if (state.range(0) == 0) {
            benchmark::DoNotOptimize(calculator.var_contributions(0.99));
        } else {
            benchmark::DoNotOptimize(calculator.es_contributions(0.975));
        }
    }
}
BENCHMARK(ContributionsRead)->ArgName("es")->Arg(0)->Arg(1);

// The five named stresses of prices, from the worth of each part in them.
void NamedStressesRead(benchmark::State& state) {
    Subject subject{400};
    const RiskCalculator calculator{subject.book, subject.market, scenarios()};
    const NamedStresses& stresses = calculator.named_stresses();
    for (auto _ : state) {
        for (std::size_t i = 0; i < stresses.size(); ++i) benchmark::DoNotOptimize(stresses.pnl_usd(i));
    }
}
BENCHMARK(NamedStressesRead);

// As published: the share of squares, and with it the shares of the largest.
void ConcentrationRead(benchmark::State& state) {
    Subject subject{400};
    const RiskCalculator calculator{subject.book, subject.market, scenarios()};
    for (auto _ : state) {
        benchmark::DoNotOptimize(calculator.by_underlying().hhi());
        benchmark::DoNotOptimize(calculator.by_underlying().read());
    }
}
BENCHMARK(ConcentrationRead);

// Where nothing has moved: what every publication costs at least.
void NothingToPublication(benchmark::State& state) {
    Subject subject{400};
    RiskCalculator calculator{subject.book, subject.market, scenarios()};
    for (auto _ : state) {
        calculator.publish();
        benchmark::DoNotOptimize(calculator.drawdown().loss_5m());
    }
}
BENCHMARK(NothingToPublication);

// A fill of one option, then everything it moved.
void FillToPublication(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    RiskCalculator calculator{subject.book, subject.market, scenarios()};
    std::uint32_t row = 0;
    while (subject.book.contracts[row].expiry != ExpirySlot{kBucket}) ++row;
    double quantity = 1.0;
    for (auto _ : state) {
        (void)calculator.book().on_fill(ContractSlot{row}, quantity = -quantity, 0.02, 0.0);
        calculator.publish();
        benchmark::DoNotOptimize(calculator.tail(0.99));
    }
}
BENCHMARK(FillToPublication)->ArgName("options")->Arg(400)->Arg(10'000);

// What a restart costs: every ladder.
void CalculatorResync(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    RiskCalculator calculator{subject.book, subject.market, scenarios()};
    for (auto _ : state) calculator.resync();
}
BENCHMARK(CalculatorResync)->ArgName("options")->Arg(400)->Arg(10'000);

// The definition: every option in every scenario and cell.
void CalculatorFullRevaluation(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    RiskCalculator calculator{subject.book, subject.market, scenarios()};
    for (auto _ : state) benchmark::DoNotOptimize(calculator.check(0.99));
}
BENCHMARK(CalculatorFullRevaluation)->ArgName("options")->Arg(400);

}  // namespace
}  // namespace keel::risk
