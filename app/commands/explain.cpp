// keel explain JOURNAL [DECISION]: why, from the record that the core left: trigger and numbers, what the solver
// weighed at what cost, what it chose, the effect on each metric, the orders and their fate.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <optional>
#include <string>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/failure.hpp"
#include "app/journal/decision_story.hpp"
#include "app/journal/journal_file.hpp"
#include "app/journal/journal_text.hpp"
#include "app/json_text.hpp"
#include "app/view/screen_line.hpp"
#include "engine/core/clock.hpp"

namespace keel::app {

namespace {

std::string number(Real value) { return short_number(value.value()); }

const char* side_word(Side side) { return side == Side::bid ? "buy" : "sell"; }

std::string scope_name(const InstrumentTable& instruments, UnderlyingId underlying) {
    return underlying == UnderlyingId::none ? "account" : std::string{instruments.name_of(underlying)};
}

// Prints one story for people and builds the same as JSON.
class Explainer {
public:
    Explainer(const InstrumentTable& instruments, double cycles_per_ns, std::FILE* out)
        : instruments_{instruments}, cycles_per_ns_{cycles_per_ns}, out_{out} {}

    void print(const DecisionStory& story) const {
        print_trigger(story.decision);
        print_candidates(story.decision);
        print_effect(story.decision);
        for (const OrderStory& order : story.orders) print_order(story.decision, order);
        for (const Refusal& refusal : story.refusals)
            fmt::print(out_, "  refused    {}\n", refusal_text(refusal, instruments_));
        fmt::print(out_, "\n");
    }

    void add(const DecisionStory& story, JsonText& json) const {
        json.open_object();
        add_trigger(story.decision, json);
        add_candidates(story.decision, json);
        add_effect(story.decision, json);
        json.open_array("orders");
        for (const OrderStory& order : story.orders) add_order(story.decision, order, json);
        json.close_array();
        json.open_array("refusals");
        for (const Refusal& refusal : story.refusals) json.item(gate_limit_name(refusal.limit));
        json.close_array();
        json.close_object();
    }

private:
    void print_trigger(const DecisionRecord& d) const {
        fmt::print(out_, "decision {}  {}  {}  {}\n", static_cast<std::uint64_t>(d.id),
                   scope_name(instruments_, d.underlying), time_text(d.time), outcome_name(d.outcome));
        fmt::print(out_, "  trigger    {} {}: {} (soft {}, hard {})", metric_name(d.trigger.metric),
                   signal_name(d.trigger.signal), number(d.trigger.value), number(d.trigger.soft),
                   number(d.trigger.hard));
        if (d.trigger.first_seen.ns() != 0) {
            fmt::print(out_, ", beyond it for {:.3f} s",
                       static_cast<double>((d.time - d.trigger.first_seen).count()) / 1e9);
        }
        fmt::print(
            out_,
            "\n  numbers    delta {} coin, target {}, no-trade band [{}, {}], price {} USD, realised volatility {}\n",
            number(d.delta_now), number(d.delta_target), number(d.band_low), number(d.band_high),
            number(d.underlying_price), number(d.realised_vol));
        fmt::print(out_, "  solver     asked for {} coin: {}", number(d.need), solve_status_name(d.status));
        if (d.binding != Binding::none) fmt::print(out_, ", bound by {}", binding_name(d.binding));
        fmt::print(out_, ", expected cost {} USD\n", number(d.cost_usd));
    }

    void print_candidates(const DecisionRecord& d) const {
        for (std::size_t i = 0; i < d.candidates_count && i < kCandidatesMax; ++i) {
            const CandidateRecord& c = d.candidates[i];
            const bool chosen = c.chosen.count() != 0;
            fmt::print(out_, "    {:<8} {:<22} {:>10} USD per coin, alone {:>10} USD", chosen ? "chosen" : "passed",
                       instrument_text(instruments_, c.instrument), number(c.unit_cost_usd),
                       std::isfinite(c.cost_alone_usd.value()) ? number(c.cost_alone_usd) : "cannot");
            if (chosen) {
                fmt::print(out_, ", {} {} for {} USD", side_word(c.side),
                           quantity_text(instruments_, c.instrument, c.chosen), number(c.chosen_cost_usd));
            }
            if (c.binding != Binding::none) fmt::print(out_, " (bound by {})", binding_name(c.binding));
            fmt::print(out_, "\n");
        }
    }

    void print_effect(const DecisionRecord& d) const {
        fmt::print(out_, "  effect     {:<20} {:>14} {:>14}\n", "metric", "before", "after");
        for (std::size_t i = 0; i < d.before.size(); ++i) {
            fmt::print(out_, "             {:<20} {:>14} {:>14}\n", metric_name(static_cast<Metric>(i)),
                       number(d.before[i]), number(d.after[i]));
        }
    }

    void print_order(const DecisionRecord& d, const OrderStory& order) const {
        const OrderCommand& c = order.command;
        fmt::print(out_, "  order      {} {} {} {} at {} {}", order_id_text(c.client_order_id), side_word(c.side),
                   quantity_text(instruments_, c.instrument, c.quantity), instrument_text(instruments_, c.instrument),
                   price_text(instruments_, c.instrument, c.price), time_in_force_name(c.time_in_force));
        if (const auto us = latency_us(order)) fmt::print(out_, ", made {:.1f} us after its event came in", *us);
        fmt::print(out_, "\n");
        for (const Event& event : order.events) print_order_event(d, event);
        if (order.events.empty()) fmt::print(out_, "             no answer in this journal\n");
    }

    void print_order_event(const DecisionRecord& d, const Event& event) const {
        const double ms = static_cast<double>((event.receive_time - d.time).count()) / 1e6;
        fmt::print(out_, "    {:>+9.3f} ms {}", ms, event_kind_name(event.kind));
        if (event.kind == EventKind::fill) {
            const auto fill = event.as<FillReport>();
            fmt::print(out_, " {} at {}, fee {:.9g}, slippage {} USD",
                       quantity_text(instruments_, event.instrument, fill.quantity),
                       price_text(instruments_, event.instrument, fill.price),
                       static_cast<double>(fill.fee.count()) * kMoneyUnit,
                       short_number(slippage_usd(event, d, instruments_)));
        } else if (const std::string reason = reason_text(event); !reason.empty()) {
            fmt::print(out_, ", {}", reason);
        }
        fmt::print(out_, "\n");
    }

    [[nodiscard]] std::optional<double> latency_us(const OrderStory& order) const {
        const std::uint64_t cycles = order.latency_cycles();
        if (cycles == 0) return std::nullopt;
        return static_cast<double>(cycles) / cycles_per_ns_ / 1e3;
    }

    void add_trigger(const DecisionRecord& d, JsonText& json) const {
        json.field("decision", static_cast<std::uint64_t>(d.id));
        json.field("time", time_text(d.time));
        json.field("event_sequence", d.event_sequence);
        json.field("scope", scope_name(instruments_, d.underlying));
        json.field("outcome", outcome_name(d.outcome));
        json.open_object("trigger");
        json.field("metric", metric_name(d.trigger.metric));
        json.field("signal", signal_name(d.trigger.signal));
        json.field("value", d.trigger.value.value());
        json.field("soft", d.trigger.soft.value());
        json.field("hard", d.trigger.hard.value());
        json.close_object();
        json.open_object("numbers");
        json.field("delta_now_coin", d.delta_now.value());
        json.field("delta_target_coin", d.delta_target.value());
        json.field("band_low_coin", d.band_low.value());
        json.field("band_high_coin", d.band_high.value());
        json.field("need_coin", d.need.value());
        json.field("underlying_price_usd", d.underlying_price.value());
        json.field("realised_vol_ratio", d.realised_vol.value());
        json.close_object();
        json.field("solver", solve_status_name(d.status));
        json.field("binding", binding_name(d.binding));
        json.field("cost_usd", d.cost_usd.value());
        const CandidateRecord* dearer = dearer_candidate(d);
        json.field("dearer_cost_usd", dearer != nullptr ? dearer->cost_alone_usd.value() : std::nan(""));
    }

    void add_candidates(const DecisionRecord& d, JsonText& json) const {
        json.open_array("candidates");
        for (std::size_t i = 0; i < d.candidates_count && i < kCandidatesMax; ++i) {
            const CandidateRecord& c = d.candidates[i];
            json.open_object();
            json.field("instrument", instrument_text(instruments_, c.instrument));
            json.field("side", side_word(c.side));
            json.field("unit_cost_usd", c.unit_cost_usd.value());
            json.field("cost_alone_usd", c.cost_alone_usd.value());
            json.field("chosen", c.chosen.count() != 0);
            json.field("chosen_quantity", quantity_text(instruments_, c.instrument, c.chosen));
            json.field("chosen_cost_usd", c.chosen_cost_usd.value());
            json.field("binding", binding_name(c.binding));
            json.close_object();
        }
        json.close_array();
    }

    static void add_effect(const DecisionRecord& d, JsonText& json) {
        json.open_object("effect");
        for (std::size_t i = 0; i < d.before.size(); ++i) {
            json.open_object(metric_name(static_cast<Metric>(i)));
            json.field("before", d.before[i].value());
            json.field("after", d.after[i].value());
            json.close_object();
        }
        json.close_object();
    }

    void add_order(const DecisionRecord& d, const OrderStory& order, JsonText& json) const {
        const OrderCommand& c = order.command;
        json.open_object();
        json.field("client_order_id", order_id_text(c.client_order_id));
        json.field("instrument", instrument_text(instruments_, c.instrument));
        json.field("side", side_word(c.side));
        json.field("quantity", quantity_text(instruments_, c.instrument, c.quantity));
        json.field("price", price_text(instruments_, c.instrument, c.price));
        json.field("filled", quantity_text(instruments_, c.instrument, order.filled()));
        json.field("latency_us", latency_us(order));
        double slippage = 0.0;
        json.open_array("events");
        for (const Event& event : order.events) {
            json.open_object();
            json.field("kind", event_kind_name(event.kind));
            json.field("after_ms", static_cast<double>((event.receive_time - d.time).count()) / 1e6);
            if (event.kind == EventKind::fill) {
                const auto fill = event.as<FillReport>();
                json.field("quantity", quantity_text(instruments_, event.instrument, fill.quantity));
                json.field("price", price_text(instruments_, event.instrument, fill.price));
                slippage += slippage_usd(event, d, instruments_);
            } else if (const auto report = event.as<OrderReport>(); report.reason != 0) {
                json.field("reason", report.reason);
                json.field("reason_name", reason_name(event));
            }
            json.close_object();
        }
        json.close_array();
        json.field("slippage_usd", slippage);
        json.close_object();
    }

    const InstrumentTable& instruments_;
    double cycles_per_ns_;
    std::FILE* out_;
};

bool wanted(const DecisionStory& story, const ExplainOptions& options) {
    if (options.decision != 0) return static_cast<std::uint64_t>(story.decision.id) == options.decision;
    return options.all || story.decision.outcome == DecisionOutcome::traded || !story.orders.empty() ||
           !story.refusals.empty();
}

}  // namespace

int run_explain(const ExplainOptions& options) {
    const std::filesystem::path path = find_journal(options.journal_path);
    const JournalStory story = read_story(path);
    std::FILE* out = options.common.json ? stderr : stdout;
    // Stamps are in cycles of the processor that wrote them; read on another machine they are only near.
    const Explainer explainer{story.instruments, calibrate_cycles_per_ns(), out};
    JsonText json;
    json.open_object();
    json.field("journal", path.string());
    json.field("decisions_recorded", static_cast<std::uint64_t>(story.decisions.size()));
    json.open_array("decisions");
    std::size_t shown = 0;
    for (const DecisionStory& decision : story.decisions) {
        if (!wanted(decision, options)) continue;
        ++shown;
        explainer.print(decision);
        if (options.common.json) explainer.add(decision, json);
    }
    json.close_array();
    json.close_object();
    if (options.decision != 0 && shown == 0) {
        throw UsageError{
            fmt::format("{}: no decision {}; it holds {}", path.string(), options.decision, story.decisions.size())};
    }
    fmt::print(out, "{} of {} decisions shown{}\n", shown, story.decisions.size(),
               shown < story.decisions.size() && options.decision == 0 ? "; --all shows those that did nothing" : "");
    if (options.common.json) fmt::print("{}\n", json.text());
    return kExitDone;
}

}  // namespace keel::app
