using ExitSnoop.Linux;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>
/// The unwinder: a process of its own, without privileges, that answers requests on an inherited socket
/// until that is closed. The files that it reads are chosen by others, and libdw maps them.
/// </summary>
internal static class UnwinderServer
{
    /// <summary>The argument by which the console program becomes the unwinder.</summary>
    internal const string Argument = "--unwinder";

    /// <summary>The same, once the process has given up its privileges.</summary>
    internal const string ConfinedArgument = "--unwinder-confined";

    /// <summary>The descriptor of the socket.</summary>
    internal const int SocketFd = 3;

    /// <summary>Runs until the other end closes the socket; the exit status.</summary>
    internal static int Run(string argument)
    {
        if (argument == Argument)
            return Confinement.DropPrivilegesAndExecute(ConfinedArgument);
        // Loaded now, as it can open no file later.
        _ = LibDw.IsAvailable;
        _ = Demangler.HasLibrary;
        Confinement.LimitResources(DebugInfod.IsConfigured);
        // To download symbols takes a network and files.
        if (!DebugInfod.IsConfigured)
            SystemCallFilter.Install();

        using DescriptorSocket socket = new(SocketFd);
        byte[] request = new byte[UnwindRequest.SizeMaximum], response = new byte[UnwindResponse.SizeMaximum];
        List<int> descriptors = [];
        // Ready: from here on the time of an answer counts.
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
