using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// Finds the libbpf to load: the file that <c>EXITSNOOP_LIBBPF</c> names; otherwise the system's <c>libbpf.so.1</c>;
/// otherwise, if the system has none or one before 1.0, the copy in the module's folder. In a secure execution only
/// the system's is used, because the constructors of any other file would run with the privileges of the program.
/// </summary>
internal static unsafe class LibBpfFile
{
    /// <summary>Names the file to load instead of the system's.</summary>
    internal const string PathVariable = "EXITSNOOP_LIBBPF";

    // Debian's files, unchanged. If a library of the same DT_SONAME is already loaded, the dynamic loader uses it for the
    // next library that needs it. So loading them in this order replaces a search path.
    private static readonly string[] Dependencies = ["libz.so.1", "libelf.so.1"];

    /// <summary>Loads libbpf.</summary>
    /// <returns>The handle, and why this file was chosen, as the end of a sentence: "the system's".</returns>
    /// <exception cref="LibBpfException">There is no libbpf, or only one before 1.0.</exception>
    internal static (nint Handle, string Reason) Load()
    {
        bool secure = LibC.IsSecureExecution;
        if (!secure && Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } named)
        {
            if (!NativeLibrary.TryLoad(named, out nint loaded))
                throw new LibBpfException(named, oldVersion: null);
            return OldVersion(loaded, named) is { } version ? throw new LibBpfException(named, version) : (loaded, "named by " + PathVariable);
        }

        if (TryLoadNew(LibBpf.Library, out nint system, out string? old))
            return (system, "the system's");
        // Ubuntu 22.04 and Debian 11 have a version before 1.0, with another soname.
        if (old is null && NativeLibrary.TryLoad("libbpf.so.0", out nint zero))
        {
            old = OldVersion(zero, "libbpf.so.0");
            NativeLibrary.Free(zero);
        }
        if (!secure && TryLoadCarried(out nint carried))
            return (carried, old is null ? "ExitSnoop's own: the system has none" : $"ExitSnoop's own: the system's is too old, {old}");
        throw new LibBpfException(LibBpf.Library, old);
    }

    private static bool TryLoadNew(string file, out nint handle, out string? old)
    {
        old = null;
        if (!NativeLibrary.TryLoad(file, out handle))
            return false;
        old = OldVersion(handle, file);
        if (old is null)
            return true;
        NativeLibrary.Free(handle);
        return false;
    }

    /// <summary>
    /// The version of a libbpf before 1.0; the name of its file if it has no function that tells the version (before 0.6); null from 1.0 on.
    /// </summary>
    private static string? OldVersion(nint handle, string file)
    {
        if (NativeLibrary.TryGetExport(handle, "libbpf_major_version", out nint major) && ((delegate* unmanaged<uint>)major)() >= 1)
            return null;
        return NativeLibrary.TryGetExport(handle, "libbpf_version_string", out nint text)
            ? Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)text)()) ?? file
            : file;
    }

    private static bool TryLoadCarried(out nint libbpf)
    {
        libbpf = 0;
        if (CarriedFolder() is not { } folder)
            return false;
        // The system's files are preferred, because they get security updates.
        foreach (string dependency in Dependencies)
        {
            if (!NativeLibrary.TryLoad(dependency, out _))
                _ = NativeLibrary.TryLoad(Path.Join(folder, dependency), out _);
        }
        return NativeLibrary.TryLoad(Path.Join(folder, LibBpf.Library), out libbpf);
    }

    /// <summary>runtimes/linux-x64/native beside this assembly, where NuGet packages have native files; null on other architectures.</summary>
    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "In a single file Location is empty, and nothing is carried beside it.")]
    private static string? CarriedFolder()
    {
        string? runtime = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "linux-x64",
            Architecture.Arm64 => "linux-arm64",
            _ => null,
        };
        string? assembly = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location);
        return runtime is null || string.IsNullOrEmpty(assembly) ? null : Path.Join(assembly, "runtimes", runtime, "native");
    }
}

/// <summary>There is no libbpf to load, or only one before 1.0.</summary>
internal sealed class LibBpfException(string file, string? oldVersion) : Exception
{
    /// <summary>The file that was looked for.</summary>
    internal string File => file;

    /// <summary>The version that was found; null if no libbpf was found.</summary>
    internal string? OldVersion => oldVersion;
}
