#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace keel::app {

// A file in the state directory that outlives every process: while it is there, an engine of that directory starts at
// kill level cancel_all and sends no order. `keel kill` sets it; only an operator takes it away (`keel kill --clear`).
// That it exists is what counts, its text is for people: half a write is a latch too.
// Thread: any. Allocates: yes.

// True once the latch is on the disk. One that stands already keeps its text.
[[nodiscard]] bool set_kill_latch(const std::filesystem::path& state_dir, std::string_view cause);

// What the latch says, in one printable line; nothing where none is set. A directory that cannot be searched counts as
// latched.
[[nodiscard]] std::optional<std::string> kill_latch(const std::filesystem::path& state_dir);

// True where no latch is left.
[[nodiscard]] bool clear_kill_latch(const std::filesystem::path& state_dir);

}  // namespace keel::app
