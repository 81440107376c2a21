//! The program: hands the command line to [`heloscope::cli::run`] and returns its exit code.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    heloscope::cli::run()
}
