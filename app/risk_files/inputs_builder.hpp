#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/config/toml_document.hpp"
#include "app/risk_files/contract_name.hpp"
#include "app/risk_files/json_tree.hpp"
#include "app/risk_files/market_times.hpp"
#include "app/risk_files/only_once.hpp"
#include "risk/report/report_inputs.hpp"

namespace keel::app {

// Deribit delivers on the average of its index over this span before expiry.
inline constexpr std::chrono::minutes kDeribitSettlementWindow{30};
inline constexpr const char* kDeribit = "deribit";

// Whether a currency's name says that it is a dollar.
[[nodiscard]] bool is_dollar(const std::string& name);
// Whether that is a price: finite and positive.
[[nodiscard]] bool usable(double price);

// Puts the pieces that files name into the tables of one report: the same underlying, stablecoin, venue, expiry
// and contract get the same slot wherever they are named.
class InputsBuilder {
public:
    [[nodiscard]] risk::UnderlyingSlot underlying(const std::string& name);
    [[nodiscard]] risk::StableSlot stable(const std::string& name);
    [[nodiscard]] risk::VenueSlot venue(const std::string& name);
    [[nodiscard]] risk::ExpirySlot expiry(risk::UnderlyingSlot underlying, UnixNanos when);

    // The row of a contract at a venue, made on first sight. Errors: UsageError naming one that no book can hold.
    [[nodiscard]] std::size_t contract(const std::string& name, const ContractName& meaning, const std::string& venue,
                                       double multiplier);
    // Whether that row is of a contract with these terms: a name at a venue is of one only.
    [[nodiscard]] bool has_terms(std::size_t row, const ContractName& meaning, double multiplier) const;
    // The row of cash in a currency: coin where an underlying of that name is known at the end, a stablecoin
    // where one of that name is or the name says a dollar.
    // Refuses a second balance of the same currency and venue, naming both places.
    void add_cash(const std::string& currency, const std::string& venue, double amount, const JsonTree& from);
    // Whether prices of that coin say something to this book: contracts of it are named, or there is cash in it and its
    // name is not that of a stablecoin.
    [[nodiscard]] bool has_coin(const std::string& name) const;
    // A row of a portfolio file: the row of the book that it went to. A second one of the same contract is refused,
    // naming both places; `rows_add`: rows of one file are lots, their entries averaged as they are for fills (harmonic
    // for inverse futures), that of a future without one (NaN) being its mark at the end; long and short lots of a
    // future have a row each.
    std::size_t hold(std::size_t row, double quantity, double entry, const JsonTree& from, bool rows_add);
    // Whether that venue holds one position in a contract, whatever lots it came from: Deribit, and what is margined as
    // it is.
    [[nodiscard]] bool is_netted(risk::VenueSlot slot) const;
    // Notes an order by Deribit's id of it. Errors: InputError where it was given before, naming both places.
    void name_order(const std::string& id, const JsonTree& row);
    // Another portfolio file begins; the same file again is another. `time`: when its venue answered; 0: not said.
    void begin_portfolio(const std::string& path, UnixNanos time) { portfolios_.push_back({path, time}); }
    // Prices that the portfolio file being read tells in passing: used where no market file prices the same, and then
    // as old as that file. Of two files' the newer, else the first.
    void tell_index(risk::UnderlyingSlot underlying, double index);
    // Of a future or perpetual its mark, of an option its price as quoted.
    void tell_mark(std::size_t row, double mark);

    // Rows of a contract's name at any venue.
    [[nodiscard]] const std::vector<std::size_t>& rows_named(const std::string& name) const;

    [[nodiscard]] risk::ReportInputs& inputs() { return inputs_; }
    // Of the market files.
    [[nodiscard]] MarketTimes& times() { return times_; }
    // A forward or index that a market file's row told in passing; used only where none names a better one.
    void suggest_forward(risk::ExpirySlot expiry, double forward);
    void suggest_index(risk::UnderlyingSlot underlying, double index);
    // Square, of these underlyings in this order; another matrix goes over it.
    void correlations(std::vector<risk::UnderlyingSlot> order, std::vector<double> cells);
    // Something that a file says makes a contract's numbers doubtful.
    void doubt(std::size_t row, risk::InputDoubt doubt);
    void forget_doubts(std::size_t row);
    // An option's price as quoted, coin or stablecoin: its volatility is solved where nothing else gives one.
    void suggest_option_price(std::size_t row, double price);
    void forget_option_price(std::size_t row) { option_prices_.erase(row); }

    // How long before an expiry the average that it is delivered on begins: at a venue (Deribit: 30 minutes unless told
    // otherwise), or of one expiry, which goes before.
    void settlement_window(const std::string& venue, std::chrono::nanoseconds window);
    void settlement_window(risk::ExpirySlot expiry, std::chrono::nanoseconds window);

    // Margin tables of the venues that name none of their own; a later file is read over those before.
    void margin_tables(const std::string& path);
    // The files of tables read so far, common ones and venues' own.
    [[nodiscard]] const std::vector<std::string>& margin_table_paths() const { return margin_table_paths_; }
    // How one venue is margined, and its own file of tables; empty: the common ones. A second row of that venue is
    // refused, naming both places, unless another portfolio file says the same.
    void margin_law(const std::string& venue, risk::VenueMarginTables tables, const std::string& path,
                    const JsonTree& from);
    // Notes what portfolio files may say once. Errors: InputError naming both places where one did before.
    void once(const std::string& what, const JsonTree& row) { once_.note(what, row); }

    // Settles what is still open, checks that everything held has what it needs, and hands the inputs over.
    // Notes that the files size this stress. Errors: InputError where one did before.
    void name_stress(const std::string& id, const JsonTree& row);
    [[nodiscard]] bool names_stress(const std::string& id) const { return stresses_.contains(id); }

    // Errors: InputError naming the market file and what it lacks.
    [[nodiscard]] risk::ReportInputs finish(const std::string& market_file);
    // The same of a market before the report's: what portfolio files told after it, or at a time that they do not say,
    // is no price of it, and a coin may be without an index (NaN).
    [[nodiscard]] risk::ReportInputs finish_earlier(const std::string& market_file);

private:
    struct Given {
        std::string place;
        std::size_t portfolio{0};  // counted from 1; 0: of none
    };
    struct Cash {
        std::string currency;
        std::string venue;
        double amount;
        Given given;
    };
    struct Lot {
        std::size_t row;
        double quantity;
        double entry;  // not usable: not given
    };
    struct Portfolio {
        std::string path;
        UnixNanos time;  // 0: not said
    };
    struct Told {
        double price;
        std::size_t portfolio;
    };

    struct MarginModel {
        std::string terms;
        Given given;
    };

    // A row at the end of every table of contracts.
    std::size_t add_row(const risk::Contract& contract, const std::string& name);
    // The second row of a future that is held long and short, made on first sight.
    std::size_t other_side(std::size_t row);
    void settle_cash();
    void settle_spot();
    void find_venues_without_cash();
    void forget_told_after(UnixNanos time);
    void settle_told();
    void check_indices(const std::string& market_file) const;
    // When the portfolio file that gave it was sent; 0: not said.
    [[nodiscard]] UnixNanos time_of(const Given& given) const;
    void settle_moments();
    void find_account_after_prices();
    // Whether a market file says what that contract is worth.
    [[nodiscard]] bool is_priced(std::size_t row) const;
    [[nodiscard]] bool has_smile(risk::ExpirySlot expiry) const;
    // The row of the future whose mark is the forward of its expiry.
    [[nodiscard]] std::optional<std::size_t> future_of(risk::ExpirySlot expiry) const;
    void settle_forwards();
    [[nodiscard]] double usd_rate(risk::StableSlot slot) const;
    void carry_index();
    [[nodiscard]] std::optional<std::size_t> carry_source(std::size_t expiry) const;
    void taint_expiry(std::size_t expiry, double age_seconds, risk::InputDoubt doubts);
    void settle_marks();
    void enter_lots();
    void settle_sides();
    void settle_pools();
    void settle_stables(const std::string& market_file);
    void settle_pegs();
    void settle_windows();
    void settle_margins();
    void settle_correlations();

    risk::ReportInputs inputs_;
    bool is_earlier_{false};
    MarketTimes times_;
    std::map<std::string, std::size_t> rows_;  // name@venue
    std::map<std::string, std::vector<std::size_t>> named_;
    std::map<std::size_t, Given> held_;               // by row; cash at the end
    std::vector<Lot> lots_;                           // of futures, as they are told
    std::map<std::size_t, std::size_t> other_sides_;  // rows of the same contract, by the first
    std::vector<Portfolio> portfolios_;
    std::map<risk::UnderlyingSlot, Told> told_indices_;
    std::map<std::size_t, Told> told_marks_;            // by row; at the end those that are used
    std::map<std::string, std::string> stresses_;       // where the files size them
    std::map<std::string, std::string> orders_;         // where the files give them, by id
    std::map<std::string, MarginModel> margin_models_;  // by venue
    OnlyOnce once_;
    std::vector<Cash> cash_;
    std::map<risk::ExpirySlot, double> forwards_;
    std::map<risk::UnderlyingSlot, double> indices_;
    std::map<std::size_t, double> option_prices_;
    std::map<std::string, std::chrono::nanoseconds> venue_windows_{{kDeribit, kDeribitSettlementWindow}};
    std::map<risk::ExpirySlot, std::chrono::nanoseconds> expiry_windows_;
    std::vector<std::string> margin_table_paths_;
    std::vector<TomlValue> margin_tables_;
    std::map<risk::VenueSlot, TomlValue> venue_margin_tables_;
    std::vector<risk::UnderlyingSlot> correlated_;
    std::vector<double> correlations_;  // of those
};

}  // namespace keel::app
