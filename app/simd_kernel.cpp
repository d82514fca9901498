#include <cxxabi.h>
#include <simdjson.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

#include "app/version.hpp"

namespace keel::app {

std::string simd_kernel() {
    const std::unique_ptr<char, decltype(&std::free)> demangled{
        abi::__cxa_demangle(typeid(simdjson::ondemand::parser).name(), nullptr, nullptr, nullptr), &std::free};
    const std::string name = demangled ? demangled.get() : "";  // simdjson::<kernel>::ondemand::parser
    const std::size_t first = name.find("::");
    const std::size_t second = first == std::string::npos ? first : name.find("::", first + 2);
    return second == std::string::npos ? "unknown" : name.substr(first + 2, second - first - 2);
}

}  // namespace keel::app
