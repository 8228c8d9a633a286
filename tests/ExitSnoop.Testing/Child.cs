using System.Collections;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ExitSnoop.Testing;

/// <summary>
/// A child of the test, with pipes as standard streams. The test waits for it with wait4(2): .NET does not reap children
/// that it did not start. A child that still lives at the end of a test is killed, with all that it started.
/// </summary>
internal sealed unsafe class Child : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly FileStream input;
    private WaitResult? waited;

    private Child(int pid, ulong started, FileStream input, FileStream output, FileStream errors)
    {
        Id = pid;
        StartedAfter = started;
        this.input = input;
        Output = new StreamReader(output, Encoding.UTF8);
        Errors = new StreamReader(errors, Encoding.UTF8);
    }

    internal int Id { get; }

    /// <summary>A time of the boot clock before its start. Together with the ID it identifies the process.</summary>
    internal ulong StartedAfter { get; }

    /// <summary>A time of the boot clock after its exit. Valid after it was waited for.</summary>
    internal ulong EndedBefore { get; private set; } = ulong.MaxValue;

    internal StreamReader Output { get; }

    internal StreamReader Errors { get; }

    internal static Child Start(string file, params IEnumerable<string> arguments) =>
        Start(file, arguments.Select(Encoding.UTF8.GetBytes));

    /// <summary>Starts a program that is looked for in PATH; its argument 0 is <paramref name="file"/>.</summary>
    /// <param name="file">A name or a path.</param>
    /// <param name="arguments">Those after argument 0.</param>
    /// <param name="environment">Variables that it has beside those of the test; without those that are null.</param>
    /// <param name="folder">Where it runs: by default where the test does.</param>
    internal static Child Start(string file, IEnumerable<byte[]> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? folder = null)
    {
        int* ends = stackalloc int[6];
        byte* actions = stackalloc byte[Posix.SpawnStructSize], attributes = stackalloc byte[Posix.SpawnStructSize];
        for (int i = 0; i < 6; i += 2)
            Check(Posix.pipe2(ends + i, Posix.CloseOnExec));
        _ = Posix.posix_spawn_file_actions_init(actions);
        _ = Posix.posix_spawn_file_actions_adddup2(actions, ends[0], 0);
        _ = Posix.posix_spawn_file_actions_adddup2(actions, ends[3], 1);
        _ = Posix.posix_spawn_file_actions_adddup2(actions, ends[5], 2);
        if (folder is not null)
            _ = Posix.posix_spawn_file_actions_addchdir_np(actions, folder);
        // .NET ignores SIGPIPE, and what is ignored stays so in a child.
        ulong* signals = stackalloc ulong[Posix.SignalSetSize / sizeof(ulong)];
        new Span<ulong>(signals, Posix.SignalSetSize / sizeof(ulong)).Fill(ulong.MaxValue);
        _ = Posix.posix_spawnattr_init(attributes);
        _ = Posix.posix_spawnattr_setsigdefault(attributes, signals);
        _ = Posix.posix_spawnattr_setflags(attributes, Posix.SpawnSetSignalDefault);

        byte** argv = ToNative([Encoding.UTF8.GetBytes(file), .. arguments]);
        byte** envp = ToNative(Environment(environment));
        ulong started = BootClock.Now;
        int error = Posix.posix_spawnp(out int pid, *argv, actions, attributes, argv, envp);
        Free(argv);
        Free(envp);
        _ = Posix.posix_spawn_file_actions_destroy(actions);
        _ = Posix.posix_spawnattr_destroy(attributes);
        foreach (int childs in stackalloc[] { ends[0], ends[3], ends[5] })
            _ = Posix.close(childs);
        FileStream input = new(new SafeFileHandle(ends[1], true), FileAccess.Write, 0);
        FileStream output = new(new SafeFileHandle(ends[2], true), FileAccess.Read);
        FileStream errors = new(new SafeFileHandle(ends[4], true), FileAccess.Read);
        return error == 0 ? new Child(pid, started, input, output, errors) : throw new Win32Exception(error, file);
    }

    /// <summary>Runs a program to its end; its output, of a pipe's size at most, can be read after.</summary>
    internal static Child Run(string file, params IEnumerable<string> arguments)
    {
        Child child = Start(file, arguments);
        child.Wait();
        return child;
    }

    internal void WriteLine(string text = "") => Write(text + "\n");

    internal void Write(string text) => input.Write(Encoding.UTF8.GetBytes(text));

    /// <summary>Starts a process that becomes the program at the first line of its input: its ID is known before.</summary>
    internal static Child StartHeld(string file, params IEnumerable<string> arguments) =>
        Start("sh", ["-c", "read go && exec \"$@\"", "sh", file, .. arguments]);

    internal void CloseInput() => input.Dispose();

    /// <summary>Reads the first line of a test program's output, its pid, once it is there.</summary>
    internal int ReadId() => int.Parse(ReadLine(), System.Globalization.CultureInfo.InvariantCulture);

    internal string ReadLine() =>
        Output.ReadLine() ?? throw new InvalidOperationException($"It said no more. {Errors.ReadToEnd()}");

    internal void Kill(Signal signal) => Check(Posix.kill(Id, (int)signal));

    /// <summary>Waits for its exit and reaps it.</summary>
    internal WaitResult Wait()
    {
        if (waited is not null)
            return waited;
        AwaitDeath();
        long* usage = stackalloc long[Posix.UsageFields];
        Check(Posix.wait4(Id, out int status, 0, usage));
        return waited = new WaitResult(status, new ResourceUsage(Time(usage), Time(usage + 2), usage[4], usage[8], usage[9], usage[16], usage[17]));
    }

    /// <summary>Waits for its exit without reaping it, so that it stays a zombie.</summary>
    internal void AwaitDeath()
    {
        if (!Dies(Patience))
            throw new TimeoutException($"{Id} does not die.");
    }

    /// <summary>Whether it exits within a time. It is not reaped.</summary>
    internal bool Dies(TimeSpan within)
    {
        if (waited is not null)
            return true;
        int pidfd = Posix.PidfdOpen(Id);
        Check(pidfd);
        Posix.PollFd death = new() { Fd = pidfd, Events = Posix.PollIn };
        // A signal to the test's own process ends a poll early (EINTR).
        long deadline = System.Environment.TickCount64 + (long)within.TotalMilliseconds;
        int dead;
        do
            dead = Posix.poll(&death, 1, (int)Math.Max(0, deadline - System.Environment.TickCount64));
        while (dead < 0 && System.Environment.TickCount64 < deadline);
        ulong now = BootClock.Now;
        _ = Posix.close(pidfd);
        if (dead != 1)
            return false;
        EndedBefore = Math.Min(EndedBefore, now);
        return true;
    }

    public void Dispose()
    {
        if (waited is null)
        {
            KillTree(Id);
            Wait();
        }
        input.Dispose();
        Output.Dispose();
        Errors.Dispose();
    }

    // The process itself is killed first, so that it starts no further children.
    private static void KillTree(int id)
    {
        int[] children = Proc.ChildrenOf(id);
        _ = Posix.kill(id, (int)Signal.KILL);
        foreach (int child in children)
            KillTree(child);
    }

    private static IEnumerable<byte[]> Environment(IReadOnlyDictionary<string, string?>? added)
    {
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
            if (added?.ContainsKey((string)variable.Key) != true)
                yield return Encoding.UTF8.GetBytes($"{variable.Key}={variable.Value}");
        foreach ((string name, string? value) in added ?? new Dictionary<string, string?>())
            if (value is not null)
                yield return Encoding.UTF8.GetBytes($"{name}={value}");
    }

    private static byte** ToNative(IEnumerable<byte[]> texts)
    {
        byte[][] list = [.. texts];
        byte** pointers = (byte**)NativeMemory.AllocZeroed((nuint)(list.Length + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < list.Length; i++)
        {
            pointers[i] = (byte*)NativeMemory.AllocZeroed((nuint)(list[i].Length + 1));
            list[i].CopyTo(new Span<byte>(pointers[i], list[i].Length));
        }
        return pointers;
    }

    private static void Free(byte** texts)
    {
        for (byte** text = texts; *text is not null; text++)
            NativeMemory.Free(*text);
        NativeMemory.Free(texts);
    }

    private static TimeSpan Time(long* timeval) => TimeSpan.FromMicroseconds((timeval[0] * 1_000_000) + timeval[1]);

    private static void Check(int result)
    {
        if (result < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }
}
