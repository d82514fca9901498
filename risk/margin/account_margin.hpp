#pragma once

#include <chrono>
#include <cstdint>

#include "engine/core/time.hpp"
#include "risk/margin/margin_amount.hpp"

namespace keel::risk {

// What is doubtful about an account's margin. Bits; or-ed upwards.
enum MarginQuality : std::uint8_t {
    kMarginGood = 0,
    kMarginNoEquity = 1,    // equity unknown: the ratio reads 0
    kMarginNoVenue = 2,     // the venue has not reported: the model alone speaks
    kMarginVenueStale = 4,  // its last report is too old: the larger of it and the model stands
    kMarginNoModel = 8,     // no model, or its inputs cannot be used: the venue's last numbers stand still
    kMarginDiffers = 16,    // model and venue differ by more than the threshold: an alarm
    kMarginBadInput = 32,   // a what-if or a stress whose own inputs cannot be used
};

inline constexpr double kMarginRatioMax = 1e6;  // nothing to maintain: as good as it can be, and finite

// The venue's own words on one account, settlement or account currency.
struct VenueMarginReport {
    double initial{0.0};
    double maintenance{0.0};
    UnixNanos time{};
};

struct AccountMarginParameters {
    double difference_ratio_max{0.0};  // model against venue before the alarm, 0.02
    double difference_scale_min{0.0};  // account currency: below this amount a difference is dust
    std::chrono::nanoseconds report_age_max{};
};

struct AccountMarginState {
    double equity{0.0};
    double initial{0.0};
    double maintenance{0.0};
    double ratio{0.0};        // equity / maintenance, within +/- kMarginRatioMax
    double usage_ratio{0.0};  // initial / equity, "margin leverage"; within 0..kMarginRatioMax
    double available{0.0};    // equity - initial
    std::uint8_t quality{kMarginNoEquity | kMarginNoVenue | kMarginNoModel};
};

// The general margin object of one account at one venue. The venue's reported IM and MM are the
// authority. Between two reports they move by what the model moved since the report; the model alone
// answers what-ifs, as changes on top. Model and venue are compared at every report.
// Thread: core. Allocates: never.
class AccountMargin {
public:
    explicit AccountMargin(const AccountMarginParameters& parameters) : parameters_{parameters} {}

    // Equity at the latest marks. Not finite: unknown until the next.
    void on_equity(double equity);
    // The model's margin at the latest marks. bad_input: the last good one stands, flagged.
    void on_model(const MarginAmount& model);
    // Not finite, negative, or older than the last: ignored and counted.
    void on_venue_report(const VenueMarginReport& report);

    [[nodiscard]] AccountMarginState state(UnixNanos now) const;
    // After a trade: `model_after` is the model with the trade (unit cells, or rows), `equity_change` what
    // it costs at once (fees, half a spread). bad_input: the state with kMarginBadInput and ratio 0.
    [[nodiscard]] AccountMarginState after_trade(const MarginAmount& model_after, double equity_change,
                                                 UnixNanos now) const;
    // Under a stress: equity and model revalued by the caller on shocked inputs. Where the venue asks for
    // more than the model now, it does so under stress too; where it asks for less, that is not counted on.
    [[nodiscard]] AccountMarginState under_stress(double equity_shocked, const MarginAmount& model_shocked,
                                                  UnixNanos now) const;

    // (model - venue) / max(model, venue, scale) of the maintenance and initial margin at the last report,
    // the larger in magnitude; 0 before both are known.
    [[nodiscard]] double difference_ratio() const { return difference_ratio_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    [[nodiscard]] double difference(double model, double venue) const;
    void compare();
    void finish(AccountMarginState& out) const;

    AccountMarginParameters parameters_;
    double equity_{0.0};
    MarginAmount model_{};
    MarginAmount model_at_report_{};
    VenueMarginReport report_{};
    double difference_ratio_{0.0};
    bool has_equity_{false};
    bool has_model_{false};   // ever
    bool model_good_{false};  // the latest
    bool has_report_{false};
    bool has_anchor_{false};  // a model stood when the report came
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
