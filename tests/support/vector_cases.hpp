#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace keel::test {

// What the tests of one vector file leave out: told line by line and counted, never in silence.
class VectorCases {
public:
    explicit VectorCases(std::string file) : file_{std::move(file)} {}

    // A section, case, flag or kind whose name no test knows: counted.
    void skip(const std::string& name) {
        ++skipped_;
        std::cout << "[ skipped  ] " << file_ << ": " << name << '\n';
    }
    // False, and counted, where `name` is none of those that a test knows.
    bool knows(const std::string& name, const std::set<std::string>& known, const std::string& where) {
        if (known.contains(name)) return true;
        skip(where + ' ' + name);
        return false;
    }
    // Each member of a case that no test reads: counted once for the file.
    void members(const nlohmann::json& row, const std::set<std::string>& known) {
        for (const auto& [name, value] : row.items()) {
            if (!known.contains(name) && members_.insert(name).second) skip("member " + name);
        }
    }
    // Known, and compared by no test for the reason told.
    void not_compared(const std::string& name, const std::string& reason) const {
        std::cout << "[ skipped  ] " << file_ << ": " << name << " (" << reason << ")\n";
    }
    // Names of `object` that are neither `known` nor among those left out for a reason; an empty list or object
    // anywhere in what is known is a failure, for a loop over it would compare nothing.
    void sections(const nlohmann::json& object, const std::set<std::string>& known,
                  const std::map<std::string, std::string>& reasons = {}) {
        EXPECT_FALSE(object.empty()) << file_ << " is empty";
        for (const auto& [name, section] : object.items()) {
            const auto reason = reasons.find(name);
            if (reason != reasons.end()) {
                not_compared(name, reason->second);
            } else if (known.contains(name)) {
                expect_filled(section, name);
            } else {
                skip(name);
            }
        }
    }
    // The count for the record of the test and its last line.
    void report() const {
        testing::Test::RecordProperty("skipped_unknown", skipped_);
        std::cout << "[ vectors  ] " << file_ << ": skipped: " << skipped_ << " of unknown name\n";
    }
    [[nodiscard]] int skipped() const { return skipped_; }

private:
    void expect_filled(const nlohmann::json& value, const std::string& path) const {
        if (!value.is_structured()) return;
        EXPECT_FALSE(value.empty()) << file_ << ' ' << path << " is empty";
        for (const auto& [name, part] : value.items()) expect_filled(part, path + '.' + name);
    }

    std::string file_;
    std::set<std::string> members_;
    int skipped_{0};
};

}  // namespace keel::test
