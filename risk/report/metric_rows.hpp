#pragma once

#include <string>
#include <vector>

#include "risk/report/input_doubt.hpp"
#include "risk/report/report_age.hpp"
#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// Collects the metrics of a report and judges each against the limit of its name and scope. `inputs` outlives it.
class MetricRows {
public:
    explicit MetricRows(const ReportInputs& inputs) : inputs_{inputs} {}

    // What the next rows are of, and how old and doubtful what they are made from is. `quality`: "good", or what is
    // wrong besides. `cash_missing`: those that need the equity say so.
    void scope(std::string name, InputAge age, InputDoubt doubts, std::string quality, bool cash_missing = false);
    // How old and how doubtful the past days are that the scope's metrics of them are made from; until the next scope.
    void history(InputAge age, InputDoubt doubts);
    // `lack`: what this number alone is without; empty: nothing. `own`, `own_doubts`: of what it alone is made from.
    void add(std::string name, double value, const char* unit, const std::string& lack = "", InputAge own = {},
             InputDoubt own_doubts = InputDoubt::none);
    [[nodiscard]] std::vector<ReportMetric> take() { return std::move(rows_); }

private:
    void judge(ReportMetric& row) const;

    const ReportInputs& inputs_;
    std::vector<ReportMetric> rows_;
    std::string scope_;
    InputAge age_;
    InputAge history_;
    InputDoubt history_doubts_{InputDoubt::none};
    InputDoubt doubts_{InputDoubt::none};
    bool cash_missing_{false};
    std::string quality_{"good"};
};

}  // namespace keel::risk
