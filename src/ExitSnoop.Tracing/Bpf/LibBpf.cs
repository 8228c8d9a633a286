using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace ExitSnoop.Bpf;

/// <summary>
/// The functions of libbpf (1.0 or later) that are used here, as they are declared in
/// <c>bpf/libbpf.h</c> and <c>bpf/bpf.h</c>. From 1.0 on a failing call returns NULL or a
/// negative error number and leaves the error in errno.
/// </summary>
internal static unsafe partial class LibBpf
{
    /// <summary>The name of libbpf in the imports below. The resolver decides which file it stands for.</summary>
    internal const string Library = "libbpf.so.1";

    private static readonly object Gate = new();
    private static nint handle;

    /// <summary>Whether libbpf is linked into this program, as it is in the console program (ExitSnoop.Console.csproj).</summary>
    [FeatureSwitchDefinition("ExitSnoop.IsLibBpfLinked")]
    private static bool IsLinked => AppContext.TryGetSwitch("ExitSnoop.IsLibBpfLinked", out bool linked) && linked;

    /// <summary>Why this libbpf was chosen, as the end of a sentence: "the system's".</summary>
    internal static string Reason { get; private set; } = "linked into this program";

    /// <summary>Loads libbpf on the first call. Does nothing if libbpf is linked into the program.</summary>
    /// <exception cref="LibBpfException">libbpf is missing or older than 1.0.</exception>
    internal static void Load()
    {
        if (IsLinked)
            return;
        lock (Gate)
        {
            if (handle != 0)
                return;
            (nint loaded, Reason) = LibBpfFile.Load();
            NativeLibrary.SetDllImportResolver(typeof(LibBpf).Assembly, Resolve);
            handle = loaded;
        }
    }

    /// <summary>The version, as in "v1.1.2".</summary>
    internal static string Version => Marshal.PtrToStringUTF8(libbpf_version_string()) ?? "";

    /// <summary>The file that libbpf was loaded from, found by the address of one of its functions.</summary>
    internal static string Path
    {
        get
        {
            if (IsLinked)
                return Environment.ProcessPath ?? "";
            nint address = NativeLibrary.GetExport(handle, "libbpf_version_string");
            foreach (string line in File.ReadLines("/proc/self/maps"))
            {
                int dash = line.IndexOf('-', StringComparison.Ordinal);
                int space = line.IndexOf(' ', StringComparison.Ordinal);
                int slash = line.IndexOf('/', StringComparison.Ordinal);
                if (slash > 0
                    && nint.Parse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= address
                    && address < nint.Parse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                    return line[slash..];
            }
            return Library;
        }
    }

    // Without a resolver, pwsh looks in the folder of the assembly and appends ".so" to every name.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Library ? handle : 0;

    [LibraryImport(Library)]
    private static partial nint libbpf_version_string();

    /// <summary>Sets the receiver of libbpf's messages for the whole process. Its last argument is a va_list.</summary>
    [LibraryImport(Library)]
    internal static partial nint libbpf_set_print(delegate* unmanaged<int, byte*, nint, int> print);

    [LibraryImport(Library)]
    internal static partial int libbpf_num_possible_cpus();

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_object__open_mem(byte* bytes, nuint size, OpenOptions* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_object__load(nint bpf);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint bpf);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_program_by_name(nint bpf, string name);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_map_by_name(nint bpf, string name);

    /// <summary>The program after <paramref name="previous"/>, or the first one for 0; 0 after the last one.</summary>
    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_program(nint bpf, nint previous);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_autoload(nint program, [MarshalAs(UnmanagedType.U1)] bool autoload);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach(nint program);

    /// <param name="program">The program.</param>
    /// <param name="pattern">A pattern of function names, which needs /proc/kallsyms; 0 if the options name the functions.</param>
    /// <param name="options">The functions.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_kprobe_multi_opts(nint program, nint pattern, KprobeMultiOptions* options);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_expected_attach_type(nint program, int type);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_program__set_attach_target(nint program, int otherProgramFd, string function);

    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_link__fd(nint link);

    /// <summary>A file descriptor of an attached iterator; reading from it runs the program. -1 and errno on failure.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_iter_create(int link);

    [LibraryImport(Library)]
    internal static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    internal static partial void* bpf_map__initial_value(nint map, out nuint size);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_max_entries(nint map, uint count);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_autocreate(nint map, [MarshalAs(UnmanagedType.U1)] bool create);

    [LibraryImport(Library)]
    internal static partial int bpf_link__destroy(nint link);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_delete_elem(int fd, void* key);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_get_next_key(int fd, void* key, void* next);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_obj_get_info_by_fd(int fd, void* info, ref uint size);

    /// <summary>BPF_TRACE_FENTRY of enum bpf_attach_type, include/uapi/linux/bpf.h.</summary>
    internal const int AttachTypeFentry = 24;

    /// <summary>struct bpf_kprobe_multi_opts, as of 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct KprobeMultiOptions
    {
        public nuint Size;
        public nint* Symbols;
        public nint Addresses;
        public nint Cookies;
        public nuint Count;
        public byte ReturnProbe;
    }

    /// <summary>struct bpf_object_open_opts, with the fields that libbpf 1.0 and the newest version have in common.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenOptions
    {
        public nuint Size;
        public byte* ObjectName;
        public byte RelaxedMaps;
        public byte* PinRootPath;
        public nint Reserved;
        public byte* Kconfig;
        public byte* BtfCustomPath;
        public byte* KernelLogBuffer;
        public nuint KernelLogSize;
        public uint KernelLogLevel;
    }
}
