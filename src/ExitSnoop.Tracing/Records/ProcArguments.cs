using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ExitSnoop.Records;

/// <summary>The arguments of a living process, from /proc/PID/cmdline but never with its environment.</summary>
/// <remarks>
/// /proc/PID/cmdline shows what the process says its arguments are (prctl(2), PR_SET_MM), and goes on over the
/// environment where their last NUL is overwritten: get_mm_cmdline() in fs/proc/base.c. As put_arguments() of
/// bpf/command.h does, this takes the start of the environment from what the kernel wrote on the stack at exec.
/// </remarks>
internal static class ProcArguments
{
    // Fields of proc(5), counted from the state on, which is the third. All are 0 where ptrace(2) would be refused.
    private const int StartStack = 28 - 3, ArgStart = 48 - 3, ArgEnd = 49 - 3, EnvStart = 50 - 3, EnvEnd = 51 - 3;

    /// <summary>Arguments on the stack of a process: more are refused at exec, or it is a process of 32 bits.</summary>
    private const ulong ArgumentsMaximum = 1 << 23;

    /// <summary>The arguments, each with a NUL behind it.</summary>
    /// <param name="folder">/proc/PID.</param>
    /// <param name="stat">The fields of its file stat, from the state on.</param>
    /// <param name="cut">Whether cmdline shows more, which is or may be environment.</param>
    /// <exception cref="IOException">The process is gone.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
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
        // A title goes on over an environment that was cleared or moved (setproctitle(3)).
        bool mayGoOn = end == environment && end == Field(stat, EnvStart) && start + (ulong)cmdline.Length <= Field(stat, EnvEnd);
        return mayGoOn && !IsVariable(cmdline[(int)size..]) ? cmdline.Length : (int)size;
    }

    /// <summary>
    /// Up to the first word that can be a variable, for a process of which it cannot be known where the environment
    /// begins. A word such as --option=value is none, but the first can be -bash and go on over the environment.
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

    /// <summary>Whether a word begins as NAME=value does. A title has a blank before any "=".</summary>
    private static bool IsVariable(ReadOnlySpan<byte> word) =>
        word.IndexOfAny((byte)'=', (byte)' ', (byte)0) is >= 0 and int first && word[first] == '=';

    /// <summary>
    /// Where the environment begins: its first string by the pointers on the stack (create_elf_tables() in
    /// fs/binfmt_elf.c) or what prctl(2) last said, whichever is lower; null where that cannot be read, or the process says that its stack is elsewhere.
    /// </summary>
    private static ulong? Environment(string folder, string[] stat)
    {
        if (stat.Length <= EnvEnd || Field(stat, StartStack) is not (> 0 and ulong stack))
            return null;
        try
        {
            // Not File.OpenRead, whose buffer would read more than the word.
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
