using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ExitSnoop.Linux;

/// <summary>One end of a pair of sockets that carries messages, each with open files (SCM_RIGHTS, unix(7)).</summary>
internal sealed unsafe partial class DescriptorSocket(int fd) : IDisposable
{
    /// <summary>SCM_MAX_FD of include/net/scm.h.</summary>
    internal const int DescriptorsMaximum = 253;

    private const int AfUnix = 1, SockSeqPacket = 5, SockCloseOnExec = 0x80000, SolSocket = 1, ScmRights = 1;
    private const int NoSignal = 0x4000, CloseOnExec = 0x40000000;
    private const int Truncated = 0x20, ControlTruncated = 0x8;

    internal int Fd => fd;

    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal static (DescriptorSocket, DescriptorSocket) CreatePair()
    {
        int* ends = stackalloc int[2];
        if (socketpair(AfUnix, SockSeqPacket | SockCloseOnExec, 0, ends) < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return (new DescriptorSocket(ends[0]), new DescriptorSocket(ends[1]));
    }

    /// <summary>Sends a message; false if the other end is closed or the kernel refuses it.</summary>
    internal bool TrySend(ReadOnlySpan<byte> message, ReadOnlySpan<int> descriptors)
    {
        Span<byte> control = stackalloc byte[ControlSize(DescriptorsMaximum)];
        fixed (byte* text = message)
        fixed (byte* controlStart = control)
        {
            IoVector vector = new() { Start = text, Length = (nuint)message.Length };
            MessageHeader header = new() { Vectors = &vector, VectorCount = 1 };
            if (!descriptors.IsEmpty)
            {
                ControlHeader* rights = (ControlHeader*)controlStart;
                *rights = new ControlHeader
                {
                    Length = (nuint)(sizeof(ControlHeader) + (descriptors.Length * sizeof(int))),
                    Level = SolSocket,
                    Type = ScmRights,
                };
                descriptors.CopyTo(new Span<int>(rights + 1, descriptors.Length));
                header.Control = controlStart;
                header.ControlLength = (nuint)ControlSize(descriptors.Length);
            }
            return sendmsg(fd, &header, NoSignal) == message.Length;
        }
    }

    /// <summary>
    /// Waits for a message. The caller closes the descriptors that came with it.
    /// </summary>
    /// <returns>
    /// The length of the message in bytes; 0 if the other end is closed; -1 if the call fails or the message is larger than
    /// <paramref name="buffer"/>.
    /// </returns>
    internal int Receive(Span<byte> buffer, List<int> descriptors)
    {
        Span<byte> control = stackalloc byte[ControlSize(DescriptorsMaximum)];
        fixed (byte* text = buffer)
        fixed (byte* controlStart = control)
        {
            IoVector vector = new() { Start = text, Length = (nuint)buffer.Length };
            MessageHeader header = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = controlStart,
                ControlLength = (nuint)control.Length,
            };
            nint length = recvmsg(fd, &header, CloseOnExec);
            if (length < 0)
                return -1;
            ControlHeader* rights = (ControlHeader*)controlStart;
            if (header.ControlLength >= (nuint)sizeof(ControlHeader) && rights->Level == SolSocket && rights->Type == ScmRights)
                descriptors.AddRange(new ReadOnlySpan<int>(rights + 1, (int)((nint)rights->Length - sizeof(ControlHeader)) / sizeof(int)));
            return (header.Flags & (Truncated | ControlTruncated)) == 0 ? (int)length : -1;
        }
    }

    public void Dispose() => _ = LibC.close(fd);

    private static int ControlSize(int descriptors) => sizeof(ControlHeader) + (((descriptors * sizeof(int)) + 7) & ~7);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(int socket, MessageHeader* message, int flags);

    private struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

    private struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
