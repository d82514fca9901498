#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::app {

// keel risk and keel whatif run as a user runs them, with a folder for their files.
class RiskProgramTest : public testing::Test {
protected:
    test::Outcome run(std::vector<std::string> arguments) {
        test::Program program{KEEL_BINARY, std::move(arguments), folder_.path(), "risk"};
        const int code = program.wait(std::chrono::seconds{60});
        return {code, program.out(), program.err()};
    }
    static std::string example(const std::string& name) { return std::string{KEEL_SOURCE_DIR} + "/examples/" + name; }
    static std::vector<std::string> with_example(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(),
                         {"--portfolio", example("risk-portfolio.json"), "--market", example("risk-market.json")});
        return arguments;
    }
    std::string path_of(const std::string& name) { return (folder_.path() / name).string(); }
    std::string write(const std::string& name, const std::string& text) {
        std::ofstream{path_of(name)} << text;
        return path_of(name);
    }
    test::TemporaryDirectory folder_;
};

}  // namespace keel::app
