using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ExitSnoop.Records;

/// <summary>Reads the arguments of a living process from /proc/PID/cmdline, without any byte of its environment.</summary>
/// <remarks>
/// A process can set the addresses of what /proc/PID/cmdline shows (prctl(2), PR_SET_MM), and if the last NUL of the
/// arguments is overwritten, the file continues into the environment (get_mm_cmdline() in fs/proc/base.c). So this finds
/// the start of the environment on the stack, where the kernel wrote it at exec, as put_arguments() in bpf/command.h does.
/// </remarks>
internal static class ProcArguments
{
    // Fields of proc(5), counted from the state, the third one. All are 0 if ptrace(2) would be refused.
    private const int StartStack = 28 - 3, ArgStart = 48 - 3, ArgEnd = 49 - 3, EnvStart = 50 - 3, EnvEnd = 51 - 3;

    /// <summary>The highest plausible number of arguments. The kernel refuses more at exec; in a 32-bit process the word contains a pointer, too.</summary>
    private const ulong ArgumentsMaximum = 1 << 23;

    /// <summary>The arguments, each ended by a NUL.</summary>
    /// <param name="folder">/proc/PID.</param>
    /// <param name="stat">The fields of its file stat, from the state on.</param>
    /// <param name="cut">Whether cmdline has more bytes, which are left out because they are or may be environment.</param>
    /// <exception cref="IOException">The process is gone.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    internal static byte[] Read(string folder, string[] stat, out bool cut)
    {
        byte[] cmdline = File.ReadAllBytes(Path.Join(folder, "cmdline"));
        int size = Environment(folder, stat) is { } environment ? SizeBefore(environment, cmdline, stat) : SizeBeforeVariable(cmdline);
        cut = size < cmdline.Length;
        return cmdline[..size];
    }

    private static int SizeBefore(ulong environment, ReadOnlySpan<byte> cmdline, string[] stat)
    {
        ulong start = Field(stat, ArgStart), end = Field(stat, ArgEnd), before = Math.Min(end, environment);
        ulong size = before > start ? before - start : 0;
        if ((ulong)cmdline.Length <= size)
            return cmdline.Length;
        // A title may continue where the environment was, if that was cleared or moved (setproctitle(3)).
        bool mayGoOn = end == environment && end == Field(stat, EnvStart) && start + (ulong)cmdline.Length <= Field(stat, EnvEnd);
        return mayGoOn && !IsVariable(cmdline[(int)size..]) ? cmdline.Length : (int)size;
    }

    /// <summary>
    /// The number of bytes before the first word that can be a variable. Used if it is not known where the environment begins. A
    /// word such as --option=value is no variable, unless it is the first: that one can be "-bash" and continue into the environment.
    /// </summary>
    private static int SizeBeforeVariable(ReadOnlySpan<byte> cmdline)
    {
        for (int at = 0; at < cmdline.Length;)
        {
            ReadOnlySpan<byte> rest = cmdline[at..];
            if (IsVariable(rest) && (at == 0 || rest[0] != '-'))
                return at;
            int end = rest.IndexOf((byte)0);
            at = end < 0 ? cmdline.Length : at + end + 1;
        }
        return cmdline.Length;
    }

    /// <summary>Whether a word has the form NAME=value. In a title there is a space before any "=".</summary>
    private static bool IsVariable(ReadOnlySpan<byte> word) =>
        word.IndexOfAny((byte)'=', (byte)' ', (byte)0) is >= 0 and int first && word[first] == '=';

    /// <summary>
    /// The address where the environment begins: the lower of the first pointer to it on the stack (create_elf_tables() in
    /// fs/binfmt_elf.c) and the address that prctl(2) can set. Null if neither is above the stack or the memory cannot be read.
    /// </summary>
    private static ulong? Environment(string folder, string[] stat)
    {
        if (stat.Length <= EnvEnd || Field(stat, StartStack) is not (> 0 and ulong stack))
            return null;
        try
        {
            // Not File.OpenRead, because a FileStream reads more than the word into its buffer.
            using SafeFileHandle memory = File.OpenHandle(Path.Join(folder, "mem"));
            if (Word(memory, stack) is not (<= ArgumentsMaximum and ulong count) || Word(memory, stack + ((count + 2) * sizeof(ulong))) is not { } first)
                return null;
            ulong told = Field(stat, EnvStart) is ulong start && start > stack ? start : ulong.MaxValue;
            ulong environment = first > stack ? Math.Min(first, told) : told;
            return environment == ulong.MaxValue ? null : environment;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ulong? Word(SafeFileHandle memory, ulong address)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        return RandomAccess.Read(memory, bytes, (long)address) == bytes.Length ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : null;
    }

    private static ulong Field(string[] stat, int index) => ulong.Parse(stat[index], CultureInfo.InvariantCulture);
}
