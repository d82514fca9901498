#pragma once

#include <string>
#include <vector>

namespace keel::tidy {

struct SourceFile {
    std::string path;  // relative to the repository's root, '/' as separator
    std::vector<std::string> lines;
    [[nodiscard]] bool is_code() const;    // .hpp or .cpp
    [[nodiscard]] bool is_header() const;  // .hpp
    [[nodiscard]] std::string folder() const;
    [[nodiscard]] std::string room() const;  // first component; "" at the root
};

// Every text file of the repository, without build output and version control.
[[nodiscard]] const std::vector<SourceFile>& source_tree();

// The line without comment and without the contents of its string literals.
[[nodiscard]] std::string code_of(const std::string& line);

// Whether `path` matches one of the lines of tests/tidy/hot_files.txt (a file, or a folder that ends in '/').
[[nodiscard]] bool is_hot(const std::string& path);

// Lines "path word reason..." of tests/tidy/hot_exceptions.txt.
[[nodiscard]] bool is_excepted(const std::string& path, const std::string& word);

}  // namespace keel::tidy
