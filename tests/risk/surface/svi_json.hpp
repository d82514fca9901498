#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "risk/surface/svi_slice.hpp"
#include "tests/support/test_data.hpp"

namespace keel::test {

// {"a":..,"b":..,"rho":..,"m":..,"sigma":..}
inline risk::SviParameters svi_of(const nlohmann::json& j) {
    return {.a = j.at("a"), .b = j.at("b"), .rho = j.at("rho"), .m = j.at("m"), .sigma = j.at("sigma")};
}

inline nlohmann::json vectors_of(const std::filesystem::path& path) { return nlohmann::json::parse(read_file(path)); }

// The number behind `name=` in "a=1;b=2".
inline double field(const std::string& inputs, const std::string& name) {
    const std::size_t at = (";" + inputs).find(";" + name + "=");
    EXPECT_NE(at, std::string::npos) << name << " in " << inputs;
    return std::strtod(inputs.c_str() + at + name.size() + 1, nullptr);
}

}  // namespace keel::test
