using System.ComponentModel;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>A BPF object. It is opened, configured, loaded and attached, in this order. Not thread-safe.</summary>
internal sealed unsafe class BpfObject : SafeHandle
{
    private BpfObject(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    /// <summary>Opens an object from memory; nothing is loaded into the kernel yet.</summary>
    /// <param name="bytes">The ELF file.</param>
    /// <param name="name">The name of the object. The names of its data maps begin with the first letters of it.</param>
    /// <param name="btfPath">A file with the kernel's type information, or null for the kernel's own.</param>
    /// <exception cref="Win32Exception">libbpf refused; the error code is errno.</exception>
    internal static BpfObject Open(ReadOnlySpan<byte> bytes, string name, string? btfPath)
    {
        nint namePointer = Marshal.StringToCoTaskMemUTF8(name);
        nint btfPointer = Marshal.StringToCoTaskMemUTF8(btfPath);
        try
        {
            LibBpf.OpenOptions options = new()
            {
                Size = (nuint)sizeof(LibBpf.OpenOptions),
                ObjectName = (byte*)namePointer,
                BtfCustomPath = (byte*)btfPointer,
            };
            fixed (byte* start = bytes)
                return new BpfObject(Check(LibBpf.bpf_object__open_mem(start, (nuint)bytes.Length, &options)));
        }
        finally
        {
            Marshal.FreeCoTaskMem(namePointer);
            Marshal.FreeCoTaskMem(btfPointer);
        }
    }

    /// <summary>Selects the programs to load; the others are not loaded.</summary>
    internal void SelectPrograms(IReadOnlyCollection<string> names)
    {
        for (nint program = LibBpf.bpf_object__next_program(handle, 0); program != 0;
             program = LibBpf.bpf_object__next_program(handle, program))
            _ = LibBpf.bpf_program__set_autoload(program, false);
        foreach (string name in names)
            _ = LibBpf.bpf_program__set_autoload(Program(name), true);
    }

    /// <summary>Changes a program that is declared for a tracepoint into one for the entry of a kernel function. Called before the load.</summary>
    /// <exception cref="Win32Exception">The kernel has no such function.</exception>
    internal void MoveToFunction(string program, string function)
    {
        _ = LibBpf.bpf_program__set_expected_attach_type(Program(program), LibBpf.AttachTypeFentry);
        if (LibBpf.bpf_program__set_attach_target(Program(program), 0, function) < 0)
            throw LastError();
    }

    /// <summary>The initial data of a section, as <typeparamref name="T"/>. It can be changed until the load.</summary>
    internal ref T Section<T>(string name) where T : unmanaged
    {
        void* value = LibBpf.bpf_map__initial_value(Map(name), out nuint size);
        if (value is null || size < (nuint)sizeof(T))
            throw new InvalidOperationException($"The BPF object's section {name} has {size} bytes, not {sizeof(T)}.");
        return ref *(T*)value;
    }

    internal void SetMaxEntries(string map, uint count) => _ = LibBpf.bpf_map__set_max_entries(Map(map), count);

    /// <summary>Does not create a map. No loaded program may use it.</summary>
    internal void Omit(string map) => _ = LibBpf.bpf_map__set_autocreate(Map(map), false);

    /// <exception cref="Win32Exception">The kernel or libbpf refused.</exception>
    internal void Load()
    {
        if (LibBpf.bpf_object__load(handle) < 0)
            throw LastError();
    }

    /// <exception cref="Win32Exception">The kernel or libbpf refused.</exception>
    internal BpfLink Attach(string program) => new(Check(LibBpf.bpf_program__attach(Program(program))));

    /// <summary>Runs an iterator program to its end.</summary>
    /// <returns>How many bytes the program has written (bpf_seq_write()).</returns>
    /// <exception cref="Win32Exception">The kernel or libbpf refused.</exception>
    internal int Iterate(string program)
    {
        using BpfLink link = Attach(program);
        int fd = LibBpf.bpf_iter_create(LibBpf.bpf_link__fd(link.DangerousGetHandle()));
        if (fd < 0)
            throw LastError();
        try
        {
            const int size = 4096;
            byte* buffer = stackalloc byte[size];
            int total = 0;
            nint read;
            while ((read = LibC.read(fd, buffer, size)) != 0)
            {
                if (read > 0)
                    total += (int)read;
                else if (Marshal.GetLastPInvokeError() is not (LibC.EINTR or LibC.EAGAIN))
                    throw LastError();
            }
            return total;
        }
        finally
        {
            _ = LibC.close(fd);
        }
    }

    /// <summary>The file descriptor of a loaded map; it belongs to the object.</summary>
    internal int MapFd(string name) => LibBpf.bpf_map__fd(Map(name));

    /// <summary>
    /// Attaches a kprobe.multi program to the entry of a kernel function. The function is given by name, because a pattern would make
    /// libbpf read /proc/kallsyms, which is not readable for every user.
    /// </summary>
    /// <exception cref="Win32Exception">The kernel or libbpf refused.</exception>
    internal BpfLink AttachKprobe(string program, string function)
    {
        nint name = Marshal.StringToCoTaskMemUTF8(function);
        try
        {
            LibBpf.KprobeMultiOptions options = new() { Size = (nuint)sizeof(LibBpf.KprobeMultiOptions), Symbols = &name, Count = 1 };
            return new BpfLink(Check(LibBpf.bpf_program__attach_kprobe_multi_opts(Program(program), 0, &options)));
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    internal int ProgramFd(string name) => LibBpf.bpf_program__fd(Program(name));

    protected override bool ReleaseHandle()
    {
        LibBpf.bpf_object__close(handle);
        return true;
    }

    private nint Program(string name) => Check(LibBpf.bpf_object__find_program_by_name(handle, name));

    private nint Map(string name) => Check(LibBpf.bpf_object__find_map_by_name(handle, name));

    private static nint Check(nint pointer) => pointer != 0 ? pointer : throw LastError();

    private static Win32Exception LastError() => new(Marshal.GetLastPInvokeError());
}

/// <summary>An attached program. Disposing it detaches the program.</summary>
internal sealed class BpfLink : SafeHandle
{
    internal BpfLink(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => LibBpf.bpf_link__destroy(handle) == 0;
}
