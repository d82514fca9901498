#include "risk/report/report_smiles.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ranges>

#include "risk/book/expiring_option.hpp"
#include "risk/options/implied_quote.hpp"
#include "risk/surface/surface_quote.hpp"
#include "risk/surface/svi_arbitrage.hpp"
#include "risk/surface/svi_fit.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The best that a quote says of a strike's volatility: both sides, else the mark at a quarter of the weight.
SviPoint point_of(const SmileQuote& quote, double forward, double years) {
    const bool two_sided = quote.bid > 0.0 && quote.ask > quote.bid;
    const double volatility = two_sided ? 0.5 * (quote.bid + quote.ask) : quote.mark;
    const double half_spread = two_sided ? 0.5 * (quote.ask - quote.bid) : 0.0;
    const double k = std::log(quote.strike / forward);
    if (!is_market_volatility(volatility) || !std::isfinite(k)) return {};
    constexpr double kMarkWeight = 0.25;
    return {.k = k,
            .volatility = volatility,
            .weight = (two_sided ? 1.0 : kMarkWeight) * svi_quote_weight(k, volatility, years, half_spread),
            .half_spread = half_spread};
}

std::vector<SviPoint> points_of(const SmileReport& smile) {
    std::vector<SviPoint> points;
    for (const SmileQuote& quote : smile.quotes) points.push_back(point_of(quote, smile.forward, smile.years));
    return points;
}

void add_note(SmileReport& smile, const std::string& words) { smile.note += (smile.note.empty() ? "" : "; ") + words; }

// Median distance of the quotes from the curve, in half-spreads, or in points of volatility where these are less. 0
// where none says anything.
double median_misfit(std::span<const SviPoint> points, const SviParameters& svi, double years) {
    constexpr double kPoint = 0.01;
    std::vector<double> misfits;
    for (const SviPoint& point : points) {
        if (!is_fittable(point)) continue;
        const double off = std::abs(std::sqrt(svi_total_variance(svi, point.k) / years) - point.volatility);
        misfits.push_back(off / std::max(point.half_spread, kPoint));
    }
    if (misfits.empty()) return 0.0;
    const auto middle = misfits.begin() + static_cast<std::ptrdiff_t>(misfits.size() / 2);
    std::ranges::nth_element(misfits, middle);
    return *middle;
}

void judge_misfit(SmileReport& smile, std::span<const SviPoint> points) {
    if (median_misfit(points, *smile.svi, smile.years) <= 1.0) return;
    add_note(smile, "half of its quotes are far from it");
    smile.doubts |= InputDoubt::curve_far;
}

void fit(SmileReport& smile, const SviParameters* near) {
    std::vector<SviPoint> points = points_of(smile);
    if (points.size() > kSviPointsMax) {
        smile.note = "more quotes than a fit takes: the first were used";
        points.resize(kSviPointsMax);
    }
    SviFit result;
    const SviFitStatus status = svi_fit({.points = points, .years = smile.years, .near = near}, result);
    if (!is_fitted(status)) {
        smile.note = status == SviFitStatus::too_few_quotes ? "fewer than five usable quotes: no curve"
                                                            : "no curve without arbitrage was found";
        return;
    }
    smile.svi = result.svi;
    smile.fitted = true;
    for (std::size_t i = 0; i < points.size(); ++i) {  // strikes ascend
        if (!is_fittable(points[i])) continue;
        smile.strike_min = std::fmin(smile.strike_min, smile.quotes[i].strike);
        smile.strike_max = smile.quotes[i].strike;
    }
    smile.arbitrage_free = true;
    if (status != SviFitStatus::ok) smile.note = "the nearest curve without arbitrage, not the least error";
    judge_misfit(smile, points);
}

// Quotes with one side only, or with the bid at or above the ask. A mark alone is the venue's word and no such quote.
void judge_quotes(SmileReport& smile) {
    std::size_t one_sided = 0, crossed = 0, absurd = 0;
    for (const SmileQuote& quote : smile.quotes) {
        const SviPoint point = point_of(quote, smile.forward, smile.years);
        const bool says = quote.mark > 0.0 || (quote.bid > 0.0 && quote.ask > quote.bid);
        absurd += says && point.volatility == 0.0 ? 1U : 0U;
        const bool bid = quote.bid > 0.0, ask = quote.ask > 0.0;
        one_sided += bid != ask ? 1U : 0U;
        crossed += bid && ask && quote.bid >= quote.ask ? 1U : 0U;
    }
    const auto tell = [&](std::size_t count, const char* words, InputDoubt doubt) {
        if (count == 0) return;
        smile.doubts |= doubt;
        add_note(smile, std::to_string(count) + " of " + std::to_string(smile.quotes.size()) + " quotes " + words);
    };
    tell(one_sided, "one-sided", InputDoubt::one_sided_quote);
    tell(crossed, "crossed", InputDoubt::crossed_quote);
    tell(absurd, "out of range", InputDoubt::volatility_range);
}

// The latest curve of the underlying so far; an expiry between that has none takes nothing away from it.
const SmileReport* curve_before(const std::vector<SmileReport>& smiles, const std::string& underlying) {
    for (const SmileReport& smile : smiles | std::views::reverse) {
        if (smile.underlying == underlying && smile.svi && smile.years > 0.0) return &smile;
    }
    return nullptr;
}

void check(SmileReport& smile, const SmileReport* before) {
    const bool butterfly_free = svi_butterfly(*smile.svi).is_free();
    const bool calendar_free = before == nullptr || svi_calendar(*before->svi, *smile.svi).is_free();
    smile.arbitrage_free = butterfly_free && calendar_free;
    if (!butterfly_free) smile.note = "given curve has butterfly arbitrage";
    if (butterfly_free && !calendar_free) smile.note = "given curve crosses the expiry before it";
    if (!smile.arbitrage_free) smile.doubts |= InputDoubt::curve_arbitrage;
}

// What the quote at a strike says; NaN where none does.
double quoted_volatility(const SmileReport& smile, double strike) {
    const auto quote = std::ranges::find(smile.quotes, strike, &SmileQuote::strike);
    if (quote == smile.quotes.end()) return kNaN;
    const double volatility = point_of(*quote, smile.forward, smile.years).volatility;
    return volatility > 0.0 ? volatility : kNaN;
}

// The volatility that a price as its venue says it implies; NaN where none does.
double volatility_of_price(const Contract& contract, double price, const MarketState& market) {
    const ExpiryMarket& expiry = market.expiries[static_cast<std::size_t>(contract.expiry)];
    const DeliveryForward delivery = delivery_forward(expiry, market.now);
    const bool in_coin = contract.kind == ContractKind::inverse_option;
    const ImpliedVolatility implied = implied_volatility({.forward = delivery.price,
                                                          .strike = contract.strike,
                                                          .years = delivery.years,
                                                          .price = price,
                                                          .unit = in_coin ? PremiumUnit::coin : PremiumUnit::usd,
                                                          .type = contract.type});
    return implied.status == ImpliedStatus::ok ? implied.volatility : kNaN;
}

}  // namespace

std::vector<SmileReport> report_smiles(const ReportInputs& inputs) {
    std::vector<std::size_t> order(std::min(inputs.smiles.size(), inputs.market.expiries.size()));
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](std::size_t e) {
        const ExpiryMarket& expiry = inputs.market.expiries[e];
        return std::pair{expiry.underlying, expiry.expiry};
    });
    std::vector<SmileReport> out;
    for (const std::size_t e : order) {
        const ExpirySmile& given = inputs.smiles[e];
        const ExpiryMarket& expiry = inputs.market.expiries[e];
        if (!given.svi && given.quotes.empty()) continue;
        SmileReport smile{.underlying = inputs.book.underlying_names[static_cast<std::size_t>(expiry.underlying)],
                          .expiry = e,
                          .years = years_between(inputs.market.now, expiry.expiry),
                          .forward = expiry.forward,
                          .svi = given.svi,
                          .note = {},
                          .quotes = given.quotes};
        std::ranges::sort(smile.quotes, {}, &SmileQuote::strike);
        const SmileReport* before = curve_before(out, smile.underlying);
        if (!(smile.years > 0.0)) {
            smile.note = "expired";
        } else if (smile.svi) {
            check(smile, before);
            if (goes_before_quotes(smile)) {
                add_note(smile, "given curve goes before its quotes");
                judge_misfit(smile, points_of(smile));
            }
        } else {
            fit(smile, before != nullptr ? &*before->svi : nullptr);
            judge_quotes(smile);
        }
        out.push_back(std::move(smile));
    }
    return out;
}

bool goes_before_quotes(const SmileReport& smile) {
    return smile.svi && !smile.fitted && !smile.quotes.empty() && smile.years > 0.0;
}

SurfaceSignals report_signals(const MarketState& market, std::span<const SmileReport> smiles,
                              UnderlyingSlot underlying) {
    std::vector<DatedSlice> slices;  // smiles are by underlying and expiry, ascending
    for (const SmileReport& smile : smiles) {
        const ExpiryMarket& expiry = market.expiries[smile.expiry];
        if (expiry.underlying != underlying || !smile.svi) continue;
        slices.push_back({.expiry = expiry.expiry,
                          .svi = *smile.svi,
                          .quality = has(smile.doubts, InputDoubt::curve_arbitrage) ? SurfaceQuality::crossed
                                     : has(smile.doubts, InputDoubt::curve_far)     ? SurfaceQuality::constrained
                                                                                    : SurfaceQuality::good});
    }
    return surface_signals(SliceSurface{slices}, market.now);
}

std::string signal_quality_words(SurfaceQuality quality) {
    if (has(quality, SurfaceQuality::missing)) return "no curve";
    std::string words;
    if (has(quality, SurfaceQuality::extrapolated)) words = "outside the expiries";
    if (has(quality, SurfaceQuality::crossed))
        words += words.empty() ? "arbitrage in a curve" : ", arbitrage in a curve";
    if (has(quality, SurfaceQuality::constrained))
        words += (words.empty() ? "" : ", ") + std::string{"quotes far from their curve"};
    return words.empty() ? "good" : words;
}

double smile_volatility(const SmileReport& smile, double strike) {
    if (!smile.svi || !(smile.years > 0.0)) return kNaN;
    const double variance = svi_total_variance(*smile.svi, std::log(strike / smile.forward));
    return variance > 0.0 ? std::sqrt(variance / smile.years) : kNaN;
}

FilledVolatilities fill_volatilities(const ReportInputs& inputs, std::span<const SmileReport> smiles,
                                     MarketState& market) {
    FilledVolatilities filled;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        double& volatility = market.quotes[row].volatility;
        if (!is_option(contract.kind)) continue;
        const auto expiry = static_cast<std::size_t>(contract.expiry);
        const double quoted = index_volatility_ratio(market.expiries[expiry], market.now);
        if (is_market_volatility(volatility)) {
            volatility *= quoted;
            continue;
        }
        const auto smile = std::ranges::find(smiles, expiry, &SmileReport::expiry);
        const double on_curve = smile == smiles.end() ? kNaN : smile_volatility(*smile, contract.strike);
        const double price = row < inputs.option_prices.size() ? inputs.option_prices[row] : kNaN;
        if (std::isfinite(on_curve)) {
            volatility = on_curve * quoted;
            ++filled.from_curves;
        } else if (const double solved = volatility_of_price(contract, price, market); std::isfinite(solved)) {
            volatility = solved;
            ++filled.from_prices;
        } else if (const double said = smile == smiles.end() ? kNaN : quoted_volatility(*smile, contract.strike);
                   std::isfinite(said)) {
            volatility = said * quoted;
            ++filled.from_quotes;
        } else if (market.expiries[expiry].expiry <= market.now && !std::isfinite(volatility)) {
            volatility = 0.0;  // what it pays asks for none
        } else {
            volatility *= quoted;  // out of range, and doubted
        }
    }
    return filled;
}

}  // namespace keel::risk
