//! The program: hands the command line to [`heloscope::cli::run`] and returns its exit code.

#![forbid(unsafe_code)]

/// A session's rows are copied by the worker that reads them, and given back by the one that reads the last of them.
/// With the systems' own allocators the two wait for each other's locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    heloscope::cli::run()
}
