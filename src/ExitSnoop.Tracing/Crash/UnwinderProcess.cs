using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using ExitSnoop.Crash.Unwinding;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>
/// The parent's side of the unwinder's process (<see cref="UnwinderServer"/>). The process is started when it is first
/// needed. If it does not answer in time or ends, only that answer is lost, and the next request starts it again.
/// </summary>
internal sealed unsafe partial class UnwinderProcess(string program) : IDisposable
{
    private const int SigKill = 9;
    private const short SpawnSetMask = 0x08, SpawnSetSession = 0x80;

    /// <summary>How long the process may take to start, in milliseconds.</summary>
    private const int StartTime = 20_000;

    /// <summary>
    /// How long an answer may take, in milliseconds. The event of the crash and later events wait for it. A program of 100 MB takes a tenth
    /// of a second. Downloading symbols takes longer.
    /// </summary>
    private static int AnswerTime => DebugInfod.IsConfigured ? 30_000 : 2_000;

    private readonly byte[] request = GC.AllocateUninitializedArray<byte>(UnwindRequest.SizeMaximum, pinned: true);
    private readonly byte[] response = new byte[UnwindResponse.SizeMaximum];
    private SymbolCache? symbolCache;
    private DescriptorSocket? socket;
    private int pid;

    /// <summary>The process ID; 0 while the process does not run.</summary>
    internal int Pid => pid;

    /// <summary>When the process was last started, as a timestamp of <see cref="Stopwatch"/>.</summary>
    internal long StartedAt { get; private set; }

    /// <summary>Unwinds a stack; null if that failed or took too long.</summary>
    /// <exception cref="Win32Exception">The program cannot be started.</exception>
    internal UnwindResponse? Unwind(UnwindRequest question, ReadOnlySpan<int> descriptors)
    {
        int length = question.Write(request);
        bool sent = TrySend(request.AsSpan(0, length), descriptors);
        Array.Clear(request);
        UnwindResponse? answer = sent && Receive(AnswerTime) is > 0 and int size ? UnwindResponse.Read(response, size) : null;
        if (answer is null)
            Stop();
        return answer;
    }

    public void Dispose()
    {
        Stop();
        symbolCache?.Dispose();
    }

    private bool TrySend(ReadOnlySpan<byte> message, ReadOnlySpan<int> descriptors)
    {
        if (socket is not null)
        {
            if (socket.TrySend(message, descriptors))
                return true;
            // The process has ended since its last answer and has not received this request.
            Stop();
        }
        Start();
        return socket!.TrySend(message, descriptors);
    }

    /// <summary>Waits for a message; returns its length, or 0 if none came in time or the process has ended.</summary>
    private int Receive(int milliseconds)
    {
        LibC.PollFd wait = new() { Fd = socket!.Fd, Events = LibC.PollIn };
        long start = Stopwatch.GetTimestamp();
        int left = milliseconds;
        int ready;
        // A signal to this process can interrupt poll(2).
        while ((ready = LibC.poll(&wait, 1, left)) < 0 && left > 0)
            left = Math.Max(0, milliseconds - (int)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        if (ready <= 0)
            return 0;
        List<int> unexpected = [];
        int length = socket.Receive(response, unexpected);
        foreach (int fd in unexpected)
            _ = LibC.close(fd);
        return Math.Max(length, 0);
    }

    private void Start()
    {
        (DescriptorSocket own, DescriptorSocket childs) = DescriptorSocket.CreatePair();
        // Memory for posix_spawn_file_actions_t and posix_spawnattr_t, whose sizes differ between C libraries.
        byte* actions = stackalloc byte[512];
        byte* attributes = stackalloc byte[512];
        byte* noSignals = stackalloc byte[128];
        new Span<byte>(noSignals, 128).Clear();
        List<nint> texts = [];
        nint Text(string value)
        {
            nint text = Marshal.StringToCoTaskMemUTF8(value);
            texts.Add(text);
            return text;
        }

        _ = posix_spawn_file_actions_init(actions);
        _ = posix_spawnattr_init(attributes);
        try
        {
            for (int fd = 0; fd <= 2; fd++)
                _ = posix_spawn_file_actions_addopen(actions, fd, Text("/dev/null"), fd == 0 ? 0 : 1, 0);
            _ = posix_spawn_file_actions_adddup2(actions, childs.Fd, UnwinderServer.SocketFd);
            // A session of its own, so that Ctrl+C at the terminal does not end the process.
            _ = posix_spawnattr_setflags(attributes, SpawnSetMask | SpawnSetSession);
            _ = posix_spawnattr_setsigmask(attributes, noSignals);
            nint* arguments = stackalloc nint[] { Text("exitsnoop"), Text(UnwinderServer.Argument), 0 };
            nint* environment = stackalloc nint[DebugInfod.Variables.Length + 2];
            int count = 0;
            symbolCache ??= new SymbolCache();
            if (symbolCache.Path is { } cache)
                environment[count++] = Text($"{DebugInfod.CachePath}={cache}");
            foreach (string variable in DebugInfod.IsConfigured ? DebugInfod.Variables : [])
                if (Environment.GetEnvironmentVariable(variable) is { } value)
                    environment[count++] = Text($"{variable}={value}");
            environment[count] = 0;
            int child;
            using UnwinderProgram file = UnwinderProgram.Open(program);
            int error = posix_spawn(&child, Text(file.Path), actions, attributes, arguments, environment);
            if (error != 0)
            {
                own.Dispose();
                throw new Win32Exception(error);
            }
            pid = child;
            socket = own;
        }
        finally
        {
            childs.Dispose();
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            foreach (nint text in texts)
                Marshal.FreeCoTaskMem(text);
        }
        // This process has closed the child's end of the socket, so if the child ends before it answers, the wait ends, too.
        if (Receive(StartTime) == 0)
        {
            Stop();
            throw new Win32Exception(LibC.ESRCH);
        }
        StartedAt = Stopwatch.GetTimestamp();
    }

    private void Stop()
    {
        if (socket is null)
            return;
        socket.Dispose();
        socket = null;
        // The child has not been waited for, so no other process can have its ID.
        _ = kill(pid, SigKill);
        int status;
        while (waitpid(pid, &status, 0) < 0 && Marshal.GetLastPInvokeError() == LibC.EINTR)
        {
        }
        pid = 0;
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* pid, nint path, void* actions, void* attributes, nint* arguments, nint* environment);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addopen(void* actions, int fd, nint path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(void* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(void* attributes, void* set);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);
}
