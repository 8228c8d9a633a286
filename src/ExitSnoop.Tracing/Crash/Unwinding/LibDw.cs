using System.Runtime.InteropServices;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>The functions of elfutils' libdw that are used here, as <c>elfutils/libdwfl.h</c> declares them.</summary>
internal static unsafe partial class LibDw
{
    internal const string Library = "libdw.so.1";

    /// <summary>DWARF_CB_OK and DWARF_CB_ABORT: a callback returns one of them to get the next frame or to stop.</summary>
    internal const int Continue = 0, Stop = 1;

    /// <summary>Whether the library can be loaded.</summary>
    internal static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, out _);

    [LibraryImport(Library)]
    internal static partial nint dwfl_begin(Callbacks* callbacks);

    [LibraryImport(Library)]
    internal static partial void dwfl_end(nint session);

    [LibraryImport(Library)]
    internal static partial void dwfl_report_begin(nint session);

    /// <summary>Reports a file. With <paramref name="addFileAddress"/>, <paramref name="address"/> is added to the addresses in the file.</summary>
    /// <returns>0 if it was rejected. Otherwise the library closes <paramref name="fd"/>.</returns>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint dwfl_report_elf(
        nint session, string name, string fileName, int fd, ulong address, [MarshalAs(UnmanagedType.U1)] bool addFileAddress);

    [LibraryImport(Library)]
    internal static partial int dwfl_report_end(nint session, nint removed, nint argument);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool dwfl_attach_state(nint session, nint elf, int pid, ThreadCallbacks* callbacks, nint argument);

    [LibraryImport(Library)]
    internal static partial int dwfl_getthread_frames(nint session, int tid, delegate* unmanaged<nint, nint, int> frame, nint argument);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool dwfl_frame_pc(nint frame, out ulong address, byte* isActivation);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool dwfl_thread_state_registers(nint thread, int first, uint count, ulong* values);

    [LibraryImport(Library)]
    internal static partial void dwfl_thread_state_register_pc(nint thread, ulong address);

    [LibraryImport(Library)]
    internal static partial nint dwfl_addrmodule(nint session, ulong address);

    /// <summary>The name of the symbol that contains an address; null if there is none.</summary>
    [LibraryImport(Library)]
    internal static partial byte* dwfl_module_addrinfo(
        nint module, ulong address, out ulong offset, out Symbol symbol, uint* section, nint* elf, ulong* bias);

    /// <summary>How many symbols the module has; -1 if they cannot be read.</summary>
    [LibraryImport(Library)]
    internal static partial int dwfl_module_getsymtab(nint module);

    /// <summary>The number of the first symbol that is not local.</summary>
    [LibraryImport(Library)]
    internal static partial int dwfl_module_getsymtab_first_global(nint module);

    /// <summary>The name of a symbol, by its number, and its address in the process.</summary>
    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial byte* dwfl_module_getsym_info(
        nint module, int index, Symbol* symbol, ulong* address, uint* section, nint* elf, ulong* bias);

    [LibraryImport(Library)]
    internal static partial int dwfl_standard_find_debuginfo(
        nint module, nint* userData, byte* name, ulong start, byte* fileName, byte* debugLink, uint checksum, byte** found);

    /// <summary>Dwfl_Callbacks.</summary>
    internal struct Callbacks
    {
        public nint FindElf;
        public delegate* unmanaged<nint, nint*, byte*, ulong, byte*, byte*, uint, byte**, int> FindDebugInfo;
        public nint SectionAddress;
        public byte** DebugInfoPath;
    }

    /// <summary>Dwfl_Thread_Callbacks.</summary>
    internal struct ThreadCallbacks
    {
        public delegate* unmanaged<nint, nint, nint*, int> NextThread;
        public nint GetThread;
        public delegate* unmanaged<nint, ulong, ulong*, nint, byte> MemoryRead;
        public delegate* unmanaged<nint, nint, byte> SetInitialRegisters;
        public nint Detach;
        public nint ThreadDetach;
    }

    /// <summary>Elf64_Sym.</summary>
    internal struct Symbol
    {
        public uint Name;
        public byte Info;
        public byte Other;
        public ushort Section;
        public ulong Value;
        public ulong Size;
    }
}
