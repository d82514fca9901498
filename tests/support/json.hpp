#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

// What most tests that read JSON would each compile anew: made once, in json.cpp. In the precompiled header of those
// tests; nobody includes it by name.
namespace keel::test {
using JsonText = nlohmann::detail::iterator_input_adapter<std::string::const_iterator>;
}

extern template class nlohmann::basic_json<>;
extern template class nlohmann::detail::lexer<nlohmann::json, keel::test::JsonText>;
extern template class nlohmann::detail::parser<nlohmann::json, keel::test::JsonText>;
extern template class nlohmann::detail::serializer<nlohmann::json>;
