#include "tests/tidy/source_tree.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

// The source itself under test. Each failure names file and line, and what to do instead.
namespace keel::tidy {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::set<std::string>> kMayInclude{
    {"engine",     {"engine"}                                                        },
    {"risk",       {"risk", "engine"}                                                },
    {"connectors", {"connectors", "engine"}                                          },
    {"strategies", {"strategies", "risk", "engine"}                                  },
    {"simulator",  {"simulator", "risk", "connectors", "engine"}                     },
    {"app",        {"app", "strategies", "simulator", "risk", "connectors", "engine"}},
};

std::string place(const SourceFile& file, std::size_t line) { return file.path + ":" + std::to_string(line + 1); }

const SourceFile* find(const std::string& path) {
    for (const SourceFile& file : source_tree()) {
        if (file.path == path) return &file;
    }
    return nullptr;
}

// The path in quotes of an #include line, or "".
std::string included_by(const std::string& line) {
    static const std::string kStart = "#include \"";
    if (!line.starts_with(kStart)) return {};
    return line.substr(kStart.size(), line.find('"', kStart.size()) - kStart.size());
}

std::string second_folder(const std::string& path) {
    const std::size_t first = path.find('/');
    const std::size_t second = path.find('/', first + 1);
    return second == std::string::npos ? std::string{} : path.substr(first + 1, second - first - 1);
}

TEST(TidyTest, SeesTheWholeRepository) {
    for (const auto& [room, may] : kMayInclude) {
        const auto in_room = [&room = room](const SourceFile& file) { return file.room() == room && file.is_code(); };
        EXPECT_TRUE(std::any_of(source_tree().begin(), source_tree().end(), in_room)) << room << " has no sources";
    }
}

TEST(TidyTest, RoomsIncludeOnlyRoomsBelow) {
    for (const SourceFile& file : source_tree()) {
        const auto may = kMayInclude.find(file.room());
        if (!file.is_code() || may == kMayInclude.end()) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            const std::string included = included_by(file.lines[at]);
            if (included.empty() || included.find('/') == std::string::npos) continue;
            const std::string room = included.substr(0, included.find('/'));
            EXPECT_TRUE(may->second.contains(room))
                << place(file, at) << ": " << file.room() << " includes " << included;
            if (file.room() == "connectors" && room == "connectors") {
                const std::string own = second_folder(file.path);
                const std::string other = second_folder(included);
                EXPECT_TRUE(other == own || other == "net") << place(file, at) << ": a venue includes another";
            }
            if (file.path.starts_with("engine/core/")) {
                EXPECT_TRUE(included.starts_with("engine/core/")) << place(file, at) << ": core is the bottom";
            }
        }
    }
}

TEST(TidyTest, IncludePathsStartAtTheRoot) {
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code() || file.path.starts_with("tests/install/consumer/")) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            const std::string included = included_by(file.lines[at]);
            if (included.empty() || included == "build_identity.hpp" || included == "embedded_examples.hpp") continue;
            EXPECT_NE(find(included), nullptr) << place(file, at) << ": " << included << " is not a path from the root";
        }
    }
}

TEST(TidyTest, LinesAndFilesStayShort) {
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code()) continue;
        EXPECT_LE(file.lines.size(), file.is_header() ? 500U : 700U) << file.path << ": split it";
        bool raw = false;  // text of another language inside a raw string keeps its own lines
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            const std::size_t opened = file.lines[at].find("R\"");
            const bool was_raw = raw || opened != std::string::npos;
            if (opened != std::string::npos) raw = true;
            if (raw && file.lines[at].find(")\"") != std::string::npos) raw = false;
            if (was_raw) continue;
            std::size_t columns = 0;  // a byte that continues a UTF-8 character is no column
            for (const char c : file.lines[at]) columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
            EXPECT_LE(columns, 120U) << place(file, at);
        }
    }
}

TEST(TidyTest, HotFilesAllocateLockAndThrowNothing) {
    const std::vector<std::pair<std::string, std::string>> banned{
        {R"(\bnew\b)",            "a table made at construction"    },
        {R"(\bmake_unique\b)",    "a table made at construction"    },
        {R"(\bmake_shared\b)",    "one owner"                       },
        {R"(std::function\b)",    "a template or a switch"          },
        {R"(std::map\b)",         "a sorted array"                  },
        {R"(\bstd::string\s+\w)", "std::string_view or a fixed Name"},
        {R"(std::mutex\b)",       "one thread per state"            },
        {R"(\bthrow\b)",          "Result or KEEL_ASSERT"           },
        {R"(system_clock::now)",  "the event's receive time"        },
        {R"(<iostream>)",         "the edge's log"                  },
        {R"(std::regex\b)",       "a hand-written scan"             },
    };
    std::vector<std::pair<std::regex, std::string>> compiled;
    for (const auto& [pattern, instead] : banned) compiled.emplace_back(std::regex{pattern}, instead);
    std::size_t hot = 0;
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code() || !is_hot(file.path)) continue;
        ++hot;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            const std::string code = code_of(file.lines[at]);
            for (const auto& [pattern, instead] : compiled) {
                std::smatch match;
                if (!std::regex_search(code, match, pattern)) continue;
                std::string word = match.str().substr(0, match.str().find(' '));
                EXPECT_TRUE(is_excepted(file.path, word)) << place(file, at) << ": " << word << "; use " << instead;
            }
        }
    }
    EXPECT_GE(hot, 20U);
}

TEST(TidyTest, HotClassesSayTheirThreadAndAllocation) {
    for (const SourceFile& file : source_tree()) {
        if (!file.is_header() || !is_hot(file.path)) continue;
        bool has_class = false;
        bool has_contract = false;
        for (const std::string& line : file.lines) {
            has_class = has_class || (line.starts_with("class ") && !line.ends_with(';'));
            has_contract = has_contract || (line.find("// Thread: ") != std::string::npos);
        }
        EXPECT_TRUE(!has_class || has_contract) << file.path << ": no line \"Thread: ... Allocates: ...\"";
    }
}

TEST(TidyTest, RoomReadmesMatchTheirFolders) {
    for (const auto& [room, may] : kMayInclude) {
        const SourceFile* readme = find(room + "/README.md");
        ASSERT_NE(readme, nullptr) << room << " has no README.md";
        std::string text;
        for (const std::string& line : readme->lines) text += line + "\n";
        const std::regex quoted{R"(`([\w./-]+\.(hpp|cpp|md|toml|txt))`)"};
        for (auto at = std::sregex_iterator{text.begin(), text.end(), quoted}; at != std::sregex_iterator{}; ++at) {
            const std::string named = (*at)[1];
            EXPECT_TRUE(find(room + "/" + named) != nullptr || find(named) != nullptr)
                << readme->path << " names " << named << ", which is not there";
        }
        for (const fs::directory_entry& entry : fs::directory_iterator{fs::path{KEEL_SOURCE_DIR} / room}) {
            if (!entry.is_directory()) continue;
            const std::string name = entry.path().filename().string();
            EXPECT_NE(text.find(name), std::string::npos) << readme->path << " does not name " << name << "/";
        }
    }
}

TEST(TidyTest, EveryErrorCodeHasItsRow) {
    const SourceFile* header = find("engine/core/result.hpp");
    const SourceFile* page = find("docs/errors.md");
    ASSERT_NE(header, nullptr);
    ASSERT_NE(page, nullptr);
    std::set<std::string> codes;
    bool inside = false;
    const std::regex enumerator{R"(^    (\w+)( = 0)?,)"};
    for (const std::string& line : header->lines) {
        if (line.starts_with("enum class Errc")) inside = true;
        if (inside && line.starts_with("};")) break;
        std::smatch match;
        if (inside && std::regex_search(line, match, enumerator) && match[1] != "none") codes.insert(match[1]);
    }
    ASSERT_GE(codes.size(), 20U);
    std::set<std::string> rows;
    const std::regex row{R"(^\| `(\w+)` \|)"};
    for (const std::string& line : page->lines) {
        std::smatch match;
        if (std::regex_search(line, match, row)) rows.insert(match[1]);
    }
    EXPECT_EQ(codes, rows);
}

// What docs/risk-inputs.md calls tested code that no program reads yet is there, and read by none.
TEST(TidyTest, WhatNoProgramReadsIsThereAndReadByNone) {
    const SourceFile* page = find("docs/risk-inputs.md");
    ASSERT_NE(page, nullptr);
    const std::regex row{R"(^\| [^|]* \| (`.*`) in `(risk/[\w/]+\.hpp)` \|)"}, quoted{R"(`(\w+)`)"};
    std::size_t names = 0;
    for (const std::string& line : page->lines) {
        std::smatch match;
        if (!std::regex_search(line, match, row)) continue;
        const std::string code = match[1], path = match[2];
        const SourceFile* header = find(path);
        ASSERT_NE(header, nullptr) << path;
        const auto mentions = [](const SourceFile& file, const std::string& text) {
            const std::regex word{"\\b" + text + "\\b"};
            return std::ranges::any_of(file.lines, [&](const std::string& at) {
                return included_by(at).empty() && std::regex_search(at, word);
            });
        };
        for (auto at = std::sregex_iterator{code.begin(), code.end(), quoted}; at != std::sregex_iterator{}; ++at) {
            const std::string name = (*at)[1];
            ++names;
            EXPECT_TRUE(mentions(*header, name)) << path << " has no " << name;
            for (const SourceFile& file : source_tree()) {
                const bool is_program = file.is_code() && (file.room() == "app" || file.room() == "strategies" ||
                                                           file.room() == "simulator" ||
                                                           file.path.starts_with("risk/report/"));
                const bool includes = std::ranges::any_of(
                    file.lines, [&](const std::string& at_line) { return included_by(at_line) == path; });
                EXPECT_FALSE(is_program && includes && mentions(file, name)) << file.path << " reads " << name;
            }
        }
    }
    EXPECT_GE(names, 20U);
}

TEST(TidyTest, FoldersAreAtMostThreeDeep) {
    for (const SourceFile& file : source_tree()) {
        if (file.path.find("/seeds/") != std::string::npos) continue;  // bytes, not code
        EXPECT_LE(std::count(file.path.begin(), file.path.end(), '/'), 3) << file.path;
    }
}

TEST(TidyTest, FileNamesSayWhatTheyHold) {
    const std::regex vague{R"(/(\w*_)?(manager|helper|helpers|util|utils|common|misc|impl|base)\.(hpp|cpp)$)"};
    for (const SourceFile& file : source_tree()) EXPECT_FALSE(std::regex_search(file.path, vague)) << file.path;
}

TEST(TidyTest, NothingIsLeftForLater) {
    const std::regex later{std::string{R"(\b(TO)"} + "DO|FIX" + R"(ME)\b)"};
    for (const SourceFile& file : source_tree()) {
        if (file.path.starts_with("docs/style.md") || file.path == "CONTRIBUTING.md") continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            EXPECT_FALSE(std::regex_search(file.lines[at], later)) << place(file, at);
        }
    }
}

TEST(TidyTest, NoSecretsAndNoMachinePaths) {
    const std::regex key{std::string{"-----BEGIN [A-Z ]*PRIVATE"} + " KEY-----\\n?[A-Za-z0-9+/]{20}|AKIA[0-9A-Z]{16}"};
    const std::regex machine{std::string{"(^|[^\\w.])/(ho"} + "me/[a-z]|ro" + "ot/|wo" + "rk/)"};
    for (const SourceFile& file : source_tree()) {
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            EXPECT_FALSE(std::regex_search(file.lines[at], key)) << place(file, at) << ": looks like a secret";
            EXPECT_FALSE(std::regex_search(file.lines[at], machine)) << place(file, at) << ": a path of one machine";
        }
    }
}

TEST(TidyTest, ScriptsAreExecutableAndStrict) {
    const fs::path root{KEEL_SOURCE_DIR};
    for (const char* path :
         {"scripts/setup", "scripts/build", "scripts/test", "scripts/demo", "scripts/bench", ".ci/run"}) {
        const SourceFile* script = find(path);
        ASSERT_NE(script, nullptr) << path;
        EXPECT_NE(fs::status(root / path).permissions() & fs::perms::owner_exec, fs::perms::none) << path;
        const auto strict = std::find(script->lines.begin(), script->lines.end(), "set -euo pipefail");
        EXPECT_NE(strict, script->lines.end()) << path;
    }
}

}  // namespace
}  // namespace keel::tidy
