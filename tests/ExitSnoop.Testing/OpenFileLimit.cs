using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ExitSnoop.Testing;

/// <summary>A lower limit of open files for this process, until it is disposed of.</summary>
internal sealed partial class OpenFileLimit : IDisposable
{
    // include/uapi/asm-generic/resource.h
    private const int RlimitNofile = 7;

    private readonly Limit before;

    private OpenFileLimit(Limit before) => this.before = before;

    internal static OpenFileLimit Lower(int files)
    {
        Check(getrlimit(RlimitNofile, out Limit before));
        Check(setrlimit(RlimitNofile, before with { Soft = (nuint)files }));
        return new OpenFileLimit(before);
    }

    public void Dispose() => Check(setrlimit(RlimitNofile, before));

    private static void Check(int result)
    {
        if (result < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, out Limit limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, in Limit limit);

    private readonly record struct Limit(nuint Soft, nuint Hard);
}
