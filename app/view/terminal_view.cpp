#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>

#include "app/log.hpp"
#include "app/view/view_model.hpp"

namespace keel::app {

namespace {

void write_out(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // the terminal is gone; the engine goes on
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::int64_t steady_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

bool TerminalView::possible() { return ::isatty(STDOUT_FILENO) == 1; }

TerminalView::TerminalView() {
    if (!possible()) return;
    log_to_stderr(false);  // the log's file goes on; lines between the boxes would tear the picture
    write_out("\x1b[?1049h\x1b[?25l\x1b[2J");
}

TerminalView::~TerminalView() {
    if (!possible()) return;
    write_out("\x1b[?25h\x1b[?1049l");
    log_to_stderr(true);
}

bool TerminalView::due() const {
    constexpr auto kSpacing = static_cast<std::int64_t>(1e9 / kRedrawsPerSecondMax);
    return possible() && steady_ns() - drawn_ns_ >= kSpacing;
}

void TerminalView::draw(const ViewModel& model) {
    if (!due()) return;
    drawn_ns_ = steady_ns();
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    const std::string screen = render(model, known ? size.ws_col : 100, known ? size.ws_row : 30, true);
    // Each line erases what the last drawing left behind it; one write, so that nothing flickers.
    std::string out = "\x1b[H";
    for (const char c : screen) {
        if (c == '\n') {
            out += "\x1b[K\r\n";
        } else {
            out += c;
        }
    }
    out += "\x1b[K\x1b[J";
    write_out(out);
}

}  // namespace keel::app
