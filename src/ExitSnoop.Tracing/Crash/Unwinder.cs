using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using ExitSnoop.Crash.Unwinding;

namespace ExitSnoop.Crash;

/// <summary>Finds out where a thread crashed: opens the files of its modules, asks the unwinder's process for the frames, and names them.</summary>
/// <param name="program">The path of the console program, which contains the unwinder; null if it is missing.</param>
/// <param name="withStackTrace">Whether all frames are wanted, or only the site.</param>
internal sealed class Unwinder(string? program, bool withStackTrace) : IDisposable
{
    /// <summary>A crash that waits longer than this for the unwinder is reported without frames.</summary>
    private static readonly TimeSpan WaitMaximum = TimeSpan.FromSeconds(2);

    private const string Busy = "too many processes crashed at once to find the calls of all";

    private readonly UnwinderProcess? process = program is null ? null : new UnwinderProcess(program);
    private readonly MountNamespaces mountNamespaces = new();

    /// <summary>Whether libdw can be loaded, which the unwinder needs to use call frame information and to find symbols.</summary>
    internal static bool IsLibDwInstalled
    {
        get
        {
            if (!NativeLibrary.TryLoad(LibDw.Library, out nint library))
                return false;
            NativeLibrary.Free(library);
            return true;
        }
    }

    /// <summary>The process ID of the unwinder; 0 while it does not run.</summary>
    internal int ProcessId => process?.Pid ?? 0;

    /// <summary>Finds the frames and the site. Does not throw, whatever the crashed process and its files contain.</summary>
    internal CrashReport Unwind(CrashCapture capture)
    {
        // A service that systemd confines has its own mounts and cannot access those of other processes. Most files are the same in
        // both; the inode and the change time confirm that.
        string root = mountNamespaces.FindRoot(capture.MountNamespace) ?? "";
        using Modules modules = new(capture, root);
        // The first crash starts the unwinder. The time for that does not count as waiting.
        long waitingSince = Math.Max(capture.ReceivedAt, process?.StartedAt ?? 0);
        string? note = Stopwatch.GetElapsedTime(waitingSince) > WaitMaximum ? Busy
            : process is null ? "the program exitsnoop, which finds the calls, is missing from the module's folder"
            : null;
        List<UnwoundFrame> frames = [];
        ulong? origin = capture.Origin?.Registers.InstructionPointer;
        if (note is null)
        {
            modules.OpenAll();
            StackPart[] stacks = capture.Origin is null ? [capture.Stack.Part!] : [capture.Stack.Part!, capture.Origin.Part!];
            note = Ask(capture.Stack.Registers, stacks, modules, frames);
            // If unwinding did not get past the handler, continue with the registers that were stored when the handler was called.
            if (capture.Origin is not null && frames.Count > 0 && !frames.Exists(frame => frame.InstructionPointer == origin))
                note = Ask(capture.Origin.Registers, stacks, modules, frames) ?? note;
        }
        if (frames.Count == 0)
            frames.Add(new UnwoundFrame(capture.Site, true, null, 0));
        StackFrame[] named = [.. frames.Select((frame, index) => modules.Name(index, frame))];
        // If a handler raises the signal again, two frames are at the same instruction. The outer one raised the signal first.
        int interrupted = Math.Max(0, Array.FindLastIndex(named, frame => frame.InstructionPointer == origin));
        StackFrame site = CrashSite.Choose(named[interrupted..], capture.Crash.Signal);
        note ??= modules.IsUnreadable(site.InstructionPointer) ? $"{site.Module} cannot be read or was replaced: no symbols"
            : capture.MappingsCut ? "the process had more executable mappings than are recorded"
            : null;
        return Report(capture, site, named, note);
    }

    /// <summary>The report of a crash that is not unwound because too many others are waiting. It has only what the record says; no file is opened.</summary>
    internal CrashReport PassOver(CrashCapture capture)
    {
        using Modules modules = new(capture, root: null);
        StackFrame site = modules.Name(0, new UnwoundFrame(capture.Site, true, null, 0));
        return Report(capture, site, [site], Busy);
    }

    public void Dispose() => process?.Dispose();

    private CrashReport Report(CrashCapture capture, StackFrame site, StackFrame[] frames, string? note) => new()
    {
        ThreadId = capture.Crash.ThreadId,
        ThreadName = capture.ThreadName,
        InstructionPointer = capture.Stack.Registers.InstructionPointer,
        Site = site,
        StackTrace = withStackTrace ? frames : null,
        Note = note,
    };

    private string? Ask(Registers registers, StackPart[] stacks, Modules modules, List<UnwoundFrame> frames)
    {
        (IReadOnlyList<UnwindModule> mapped, int[] descriptors) = modules.ForUnwinder();
        UnwindResponse? response;
        try
        {
            response = process!.Unwind(new UnwindRequest(registers, stacks, mapped), descriptors);
        }
        catch (Win32Exception refused)
        {
            return $"the process that finds the calls cannot be started: {refused.Message}";
        }
        if (response is null)
            return "the process that finds the calls failed on a file of this process";
        frames.AddRange(response.Frames);
        return response.Method == UnwindMethod.FramePointers ? "libdw is not installed (libdw1, elfutils-libs): calls by frame pointers only, no symbols"
            : response.StackExceeded ? "the stack is larger than the part that is copied (16 KiB)"
            : null;
    }
}
