#include "tests/support/json.hpp"

template class nlohmann::basic_json<>;
template class nlohmann::detail::lexer<nlohmann::json, keel::test::JsonText>;
template class nlohmann::detail::parser<nlohmann::json, keel::test::JsonText>;
template class nlohmann::detail::serializer<nlohmann::json>;
