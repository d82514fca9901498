#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "risk/triggers/trigger.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

std::chrono::nanoseconds span_of(const json& params, const char* key, std::int64_t unit_ns) {
    return std::chrono::nanoseconds{
        static_cast<std::int64_t>(params.at(key).get<double>() * static_cast<double>(unit_ns))};
}

std::string upper_name(TriggerSignal signal) {
    std::string name = signal_name(signal);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

std::string upper_name(TriggerState state) {
    std::string name = trigger_state_name(state);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

double observed(const json& value) {
    if (value.is_number()) return value.get<double>();
    return std::numeric_limits<double>::quiet_NaN();  // null, "nan": no number
}

void run_sequence(const json& sequence) {
    const std::string name = sequence.at("name");
    ASSERT_EQ(sequence.at("time_unit"), "ms") << name;
    constexpr std::int64_t kMs = 1'000'000;
    const json& params = sequence.at("params");
    const std::string direction = params.at("direction");
    ASSERT_TRUE(direction == "ABOVE" || direction == "BELOW") << name;
    Trigger trigger{
        {.direction = direction == "ABOVE" ? BoundaryDirection::above : BoundaryDirection::below,
         .soft = params.at("soft"),
         .hard = params.at("hard"),
         .clear = params.at("clear"),
         .debounce_soft = span_of(params, "debounce_soft", kMs),
         .debounce_hard = span_of(params, "debounce_hard", kMs),
         .cooldown = span_of(params, "cooldown", kMs),
         .refire_hard = span_of(params, "refire_hard", kMs),
         .escalate_after = span_of(params, "escalate_after", kMs)}
    };
    json events = json::array();
    constexpr std::int64_t kFileStartMs = 1'700'000'000'000;  // the file counts from zero
    for (const json& sample : sequence.at("samples")) {
        const std::int64_t at_ms = sample.at(0).get<std::int64_t>();
        const TriggerSignal signal = trigger.sample(unix_nanos_from_ms(kFileStartMs + at_ms), observed(sample.at(1)));
        if (signal == TriggerSignal::none) continue;
        events.push_back({
            {"t",           at_ms                      },
            {"event",       upper_name(signal)         },
            {"state_after", upper_name(trigger.state())}
        });
    }
    EXPECT_EQ(events, sequence.at("events")) << name;
    EXPECT_EQ(upper_name(trigger.state()), sequence.at("final_state")) << name;
}

TEST(TriggerVectorsTest, FiresExactlyWhatTheSequencesSay) {
    const auto path = test::vectors_path("triggers.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = json::parse(test::read_file(*path));
    std::size_t sequences = 0;
    for (const auto& [section, content] : file.items()) {
        if (section == "source") continue;
        if (section != "machine") {
            std::cout << "[ not built yet ] triggers.json " << section << ": " << content.size() << " cases\n";
            continue;
        }
        for (const json& sequence : content) {
            run_sequence(sequence);
            ++sequences;
        }
    }
    EXPECT_GT(sequences, 0U);
    std::cout << "[ vectors  ] triggers.json machine: " << sequences << " sequences\n";
}

}  // namespace
}  // namespace keel::risk
