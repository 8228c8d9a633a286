namespace ExitSnoop.Crash;

/// <summary>
/// Chooses the frame that a crash is named after. For a fault, that is the frame in which it happened. A program that
/// aborts itself ends in functions such as abort(3); the crash is named after their caller.
/// </summary>
internal static class CrashSite
{
    /// <summary>The beginnings of the names of libraries that abort on behalf of their callers. Before glibc 2.34, libc is "libc-2.31.so".</summary>
    internal static readonly string[] RuntimeModules =
    [
        "libc.so.", "libc-2.", "libpthread.so.", "libpthread-2.", "ld-linux", "ld-2.", "ld-musl-", "libc.musl-",
        "libgcc_s.so.", "libstdc++.so.", "libc++.so.", "libc++abi.so.", "libglib-2.0.so.",
    ];

    /// <summary>Functions that do so, for statically linked programs. A name that ends in a star stands for all names that begin like it.</summary>
    internal static readonly string[] RuntimeFunctions =
    [
        // C: raise(3), abort(3), assert(3), and the functions that report a failed check of a fortified function or of the heap.
        "raise", "gsignal", "pthread_kill", "__pthread_kill*", "tgkill", "kill", "abort", "__assert*", "__libc_message*", "__libc_fatal",
        "__fortify_fail*", "__chk_fail", "__stack_chk_fail*", "malloc_printerr*",
        // C++: an exception that nobody catches.
        "std::terminate*", "__cxxabiv1::*", "__cxa_*", "__gnu_cxx::__verbose_terminate_handler*", "std::__throw_*", "_Unwind_*",
        "std::abort*", "std::__1::__libcpp_verbose_abort*",
        // Rust: a panic.
        "core::panicking::*", "std::panicking::*", "std::panic::*", "std::process::abort*", "std::sys::*", "rust_panic*", "rust_begin_unwind",
        "__rust_*", "__rustc::*", "panic_abort::*", "panic_unwind::*", "core::option::unwrap_failed*", "core::option::expect_failed*",
        "core::result::unwrap_failed*", "core::slice::index::*", "core::str::slice_error_fail*", "alloc::alloc::handle_alloc_error*",
        "alloc::raw_vec::*", "core::cell::panic_*", "core::intrinsics::abort*",
        // glib: g_assert() and fatal messages.
        "g_assertion_message*", "g_log*", "g_abort",
    ];

    /// <summary>Functions by which a thread sends a signal to itself.</summary>
    private static readonly string[] Raising = ["raise", "gsignal", "pthread_kill", "tgkill", "kill", "abort"];

    /// <summary>
    /// How many innermost frames are searched for a function of <see cref="Raising"/>: libc calls functions without symbols in between.
    /// </summary>
    private const int RaisingDepth = 4;

    /// <summary>Chooses among frames.</summary>
    /// <param name="frames">From the innermost to the outermost; at least one.</param>
    /// <param name="signal">The signal that ended the process.</param>
    internal static StackFrame Choose(IReadOnlyList<StackFrame> frames, Signal signal)
    {
        bool raised = signal == Signal.ABRT
            || frames.Take(RaisingDepth).TakeWhile(IsRuntime).Any(frame => frame.Symbol is { } symbol && Raising.Contains(symbol));
        return raised ? frames.FirstOrDefault(frame => !IsRuntime(frame)) ?? frames[0] : frames[0];
    }

    private static bool IsRuntime(StackFrame frame) =>
        (Path.GetFileName(frame.Module) is { } module && RuntimeModules.Any(name => module.StartsWith(name, StringComparison.Ordinal)))
        || (frame.Symbol is { } symbol && RuntimeFunctions.Any(name => Matches(symbol, name)));

    private static bool Matches(string symbol, string name) =>
        name[^1] == '*' ? symbol.StartsWith(name[..^1], StringComparison.Ordinal) : symbol == name;
}
