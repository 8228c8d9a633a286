using ExitSnoop.Linux;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>
/// The unwinder: a process that answers requests on an inherited socket until the socket is closed. It is a process
/// of its own, without privileges, because libdw parses files that others chose.
/// </summary>
internal static class UnwinderServer
{
    /// <summary>The argument that makes the console program the unwinder.</summary>
    internal const string Argument = "--unwinder";

    /// <summary>The argument after the process has dropped its privileges.</summary>
    internal const string ConfinedArgument = "--unwinder-confined";

    /// <summary>The descriptor of the socket.</summary>
    internal const int SocketFd = 3;

    /// <summary>Runs until the other end closes the socket; returns the exit status.</summary>
    internal static int Run(string argument)
    {
        if (argument == Argument)
            return Confinement.DropPrivilegesAndExecute(ConfinedArgument);
        // Loads the libraries now, because the process cannot open files later.
        _ = LibDw.IsAvailable;
        _ = Demangler.HasLibrary;
        Confinement.LimitResources(DebugInfod.IsConfigured);
        // Downloading symbols needs the network and files.
        if (!DebugInfod.IsConfigured)
            SystemCallFilter.Install();

        using DescriptorSocket socket = new(SocketFd);
        byte[] request = new byte[UnwindRequest.SizeMaximum], response = new byte[UnwindResponse.SizeMaximum];
        List<int> descriptors = [];
        // Tells the parent that the process is ready. From now on the parent limits the time of each answer.
        _ = socket.TrySend([1], []);
        while (socket.Receive(request, descriptors) is > 0 and int length)
        {
            Confinement.LimitCpuTime();
            int size = Answer(UnwindRequest.Read(request, length), descriptors).Write(response);
            Array.Clear(request);
            descriptors.Clear();
            if (!socket.TrySend(response.AsSpan(0, size), []))
                break;
        }
        return 0;
    }

    private static UnwindResponse Answer(UnwindRequest request, List<int> descriptors)
    {
        if (!LibDw.IsAvailable)
        {
            foreach (int fd in descriptors)
                _ = LibC.close(fd);
            return FramePointerUnwinder.Unwind(request);
        }
        StackMemory stack = new(request.Stacks);
        using DwarfUnwinder unwinder = new(request, stack, descriptors);
        return unwinder.Unwind();
    }
}
