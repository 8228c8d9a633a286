using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ExitSnoop.Crash;

namespace ExitSnoop.Tests.Records;

/// <summary>The structures of C# and the definition of an event, against the types in the compiled BPF object.</summary>
public sealed class LayoutTests
{
    /// <summary>Fields whose names are not the same word in both languages.</summary>
    private static readonly Dictionary<string, string> Renamed = new() { ["ppid"] = "parentpid", ["bufsize"] = "buffersize", ["changetimens"] = "changetimenanoseconds" };

    private static readonly CompiledTypes Compiled = new(Bytes("crash.bpf.o"));

    [Fact]
    public void The_record_is_laid_out_as_in_C() => AssertSame<ExitRecord>("exit_record");

    [Fact]
    public void The_detail_is_laid_out_as_in_C() => AssertSame<ExitDetail>("exit_detail");

    [Fact]
    public void The_configuration_is_laid_out_as_in_C() => AssertSame<ExitConfig>("exit_config");

    [Fact]
    public void The_record_of_a_crash_is_laid_out_as_in_C()
    {
        AssertSame<CrashStack>("crash_stack");
        AssertSame<CrashMapping>("crash_mapping");
        IReadOnlyList<(string Name, int Offset, int Size)> compiled = [.. Compiled.Members("crash_record")];
        Assert.Equal(["mappings", "paths"], compiled.TakeLast(2).Select(member => member.Name));
        Assert.Equal(Managed<CrashRecord>(), compiled.SkipLast(2).Select(ToManaged));
        Assert.Equal(Unsafe.SizeOf<CrashRecord>(), compiled[^2].Offset);
        Assert.Equal(CrashRecordView.Size, compiled[^1].Offset + compiled[^1].Size);
    }

    [Theory]
    [InlineData("crash_record.h", "crash_flags", typeof(CrashFlags))]
    [InlineData("config.h", "crash_hook", typeof(CrashHook))]
    [InlineData("config.h", "cgroup_source", typeof(CgroupSource))]
    [InlineData("record.h", "record_flags", typeof(RecordFlags))]
    [InlineData("record.h", "signal_cause", typeof(SignalCause))]
    public void Enumerations_have_the_same_values(string file, string name, Type type)
    {
        // An enumeration without a variable is not in the BTF, so the header is read.
        string header = Source(file);
        int start = header.IndexOf($"enum {name} {{", StringComparison.Ordinal);
        string[] lines = header[start..header.IndexOf("};", start, StringComparison.Ordinal)].Split('\n')[1..^1];
        long[] values = [.. lines.Select(line => line.Split('=')[1].Split(',')[0].Trim()).Select(text =>
            text.Contains("<<", StringComparison.Ordinal) ? 1L << int.Parse(text.Split("<<")[1]) : long.Parse(text))];
        Assert.Equal(values, Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(Convert.ToInt64));
    }

    [Fact]
    public void The_definition_of_an_event_has_the_offsets_and_sizes_of_the_compiled_record()
    {
        List<(string, int, int)> compiled = [.. Compiled.Members("exit_record")];
        int behind = Unsafe.SizeOf<ExitRecord>();
        compiled.AddRange(Compiled.Members("exit_detail").Select(member => (member.Name, member.Offset + behind, member.Size)));
        Assert.Equal(
            compiled,
            ExitEventDefinition.Fields.Where(field => field.Offset is not null).Select(field => (field.Name, field.Offset!.Value, field.Size!.Value)));
    }

    [Fact]
    public void The_definition_of_an_event_describes_each_of_its_properties_and_no_other()
    {
        Assert.Equal(
            typeof(ExitEvent).GetProperties().Select(property => property.Name).Order(),
            ExitEventDefinition.Fields.Where(field => field.Offset is null).Select(field => field.Name).Order());
        Assert.All(ExitEventDefinition.Fields, field => Assert.False(string.IsNullOrWhiteSpace(field.Description), field.Name));
        // The types by their names in C#.
        foreach (ExitEventField field in ExitEventDefinition.Fields.Where(field => field.Offset is null))
        {
            Type type = typeof(ExitEvent).GetProperty(field.Name)!.PropertyType;
            string name = (Nullable.GetUnderlyingType(type) ?? type).Name;
            string keyword = name switch { "Int32" => "int", "UInt32" => "uint", "Int64" => "long", "UInt64" => "ulong", "Boolean" => "bool", "String" => "string", _ => name };
            Assert.Contains(field.Type.TrimEnd('?'), (string[])[keyword, name, $"ExitSnoop.{name}"]);
        }
    }

    private static void AssertSame<T>(string name) where T : unmanaged
    {
        Assert.Equal(Compiled.Members(name).Where(member => member.Name != "reserved").Select(ToManaged), Managed<T>().Where(field => field.Item1 != "reserved"));
        Assert.Equal(Compiled.Size(name), Unsafe.SizeOf<T>());
    }

    private static IEnumerable<(string, int, int)> Managed<T>() where T : unmanaged => typeof(T)
        .GetFields(BindingFlags.Instance | BindingFlags.Public)
        .Select(field => (field.Name.ToLowerInvariant(), (int)Marshal.OffsetOf<T>(field.Name), SizeOf(field.FieldType)));

    private static (string, int, int) ToManaged((string Name, int Offset, int Size) member)
    {
        string bare = member.Name.Replace("_", "", StringComparison.Ordinal);
        return (Renamed.GetValueOrDefault(bare, bare), member.Offset, member.Size);
    }

    private static int SizeOf(Type type) => (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    private static string Source(string name)
    {
        using StreamReader reader = new(Resource(name));
        return reader.ReadToEnd();
    }

    private static byte[] Bytes(string name)
    {
        using MemoryStream bytes = new();
        using Stream stream = Resource(name);
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static Stream Resource(string name) => typeof(ExitTrace).Assembly.GetManifestResourceStream(name)!;
}
