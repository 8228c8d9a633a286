using System.Reflection;
using System.Runtime.CompilerServices;
using ExitSnoop.Crash;
using FsCheck.Fluent;
using FsCheck;

namespace ExitSnoop.Tests.Records;

/// <summary>For any bytes, an event is either rejected or all its properties can be read.</summary>
public sealed class HostileBytesTests
{
    private static readonly PropertyInfo[] Properties = typeof(ExitEvent).GetProperties();

    /// <summary>About as many bytes as a record has, many of them 0 or 0xff.</summary>
    private static Gen<byte[]> Bytes { get; } =
        from size in Gen.OneOf(Gen.Choose(0, 300), Gen.Choose(RecordView.BytesOffset, RecordView.BytesOffset + 6500))
        from bytes in Gen.Frequency((3, Gen.Choose(0, 255)), (1, Gen.Constant(0)), (1, Gen.Constant(0xff))).Select(value => (byte)value).ArrayOf(size)
        select bytes;

    /// <summary>Records with consistent sizes.</summary>
    private static Gen<byte[]> Records { get; } =
        from bytes in Bytes.Where(bytes => bytes.Length >= RecordView.BytesOffset)
        let room = bytes.Length - RecordView.BytesOffset
        from ancestors in Gen.Choose(0, room / Unsafe.SizeOf<AncestorRecord>())
        let paths = room - (ancestors * Unsafe.SizeOf<AncestorRecord>())
        from path in Gen.Choose(0, paths)
        from directory in Gen.Choose(0, paths - path)
        from cgroup in Gen.Choose(0, paths - path - directory)
        select WithSizes(bytes, path, cgroup, paths - path - directory - cgroup, directory, ancestors);

    [Fact]
    public void Random_bytes_are_refused_or_readable() =>
        Property.Holds(Bytes, bytes => ReadAll(bytes));

    /// <summary>Where the command is taken at exec, an event is made of two records.</summary>
    [Fact]
    public void Random_bytes_of_an_exit_and_of_an_exec_are_readable_together() =>
        Property.Holds(from exit in Records from exec in Records select (exit, exec), both => ReadAll(both.exit, both.exec), times: 500);

    /// <summary>A crash record of the right size with any numbers in it.</summary>
    [Fact]
    public void Random_bytes_of_a_crash_are_refused_or_readable()
    {
        Random random = new(1);
        byte[] bytes = new byte[CrashRecordView.Size];
        int accepted = 0;
        for (int i = 0; i < 500; i++)
        {
            random.NextBytes(bytes);
            ref CrashRecord record = ref System.Runtime.InteropServices.MemoryMarshal.AsRef<CrashRecord>(bytes.AsSpan());
            if (random.Next(10) > 0)
            {
                record.MappingCount = (uint)random.Next(CrashRecordView.MappingsMaximum + 2);
                record.PathBytes = (uint)random.Next(CrashRecordView.PathsMaximum + 2);
                record.RegisterBytes = (uint)random.Next(20, 36) * sizeof(ulong);
                record.Stack.Pages = (uint)random.Next(8);
            }
            if (!CrashRecordView.TryParse(bytes, out CrashRecordView view))
                continue;
            accepted++;
            for (int mapping = 0; mapping < view.Mappings.Length; mapping++)
                Assert.NotNull(view.PathOf(mapping));
            foreach (bool withStack in new[] { false, true })
                Assert.NotNull(new CrashCapture(view, withStack).ThreadName);
        }
        Assert.True(accepted > 10, $"{accepted} records were accepted.");
    }

    [Fact]
    public void Random_bytes_that_say_what_they_hold_are_readable() =>
        Property.Holds(
            Records,
            bytes =>
            {
                Assert.True(RecordView.TryParse(bytes, out _));
                ReadAll(bytes);
            });

    [Fact]
    public void An_event_comes_back_from_its_JSON() =>
        Property.Holds(
            Records.Select(WithPlausibleNumbers),
            bytes =>
            {
                foreach (bool utc in new[] { true, false })
                {
                    ExitEvent exit = new(bytes, null, 0, utc, "label"), back = ExitEvent.FromJson(exit.ToJson());
                    Assert.Equal(exit.ToJson(), back.ToJson());
                    foreach (PropertyInfo property in Properties)
                        Assert.Equal($"{property.GetValue(exit)}", $"{property.GetValue(back)}");
                    Assert.Equal(exit.Arguments, back.Arguments);
                }
            },
            times: 500);

    [Theory]
    [InlineData("/usr/lib/libvips.so.42", 0x1c3f0ul, "vips_image_new", 0x1cul, "libvips.so.42!vips_image_new+0x1c")]
    [InlineData("/usr/lib/libvips.so.42", 0x1c3f0ul, null, null, "libvips.so.42+0x1c3f0")]
    [InlineData(null, 0x10ul, null, null, "<anonymous>+0x10")]
    [InlineData(null, null, null, null, "0x7f1234")]
    public void A_crash_comes_back_from_its_JSON(string? module, ulong? offset, string? symbol, ulong? symbolOffset, string place)
    {
        StackFrame site = new(0, 0x7f1234, module, offset, "0123ab", symbol, symbolOffset);
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(new ExitRecord { WaitStatus = 11 }, new ExitDetail()));
        exit.CrashReport = new() { ThreadId = 5, ThreadName = "worker", InstructionPointer = 0x7f1234, Site = site, StackTrace = [site, site with { Index = 1 }], Note = "a note" };
        ExitEvent back = ExitEvent.FromJson(exit.ToJson());
        Assert.Equal(exit.ToJson(), back.ToJson());
        Assert.Equal((place, exit.StackTrace![1]), (back.CrashSite, back.StackTrace![1]));
    }

    [Theory]
    [InlineData("\"CrashSite\":\"\"")]
    [InlineData("\"CrashSite\":\"no place\"")]
    [InlineData("\"Arguments\":[null]")]
    [InlineData("\"Ancestors\":[{\"Name\":null,\"Id\":1}]")]
    [InlineData("\"Ancestors\":[1]")]
    [InlineData("\"CrashNote\":\"\",\"StackTrace\":[1]")]
    [InlineData("\"Age\":1e30")]
    public void JSON_that_no_event_has_is_refused(string property) =>
        Assert.Throws<FormatException>(() => ExitEvent.FromJson($"{{\"Id\":1,\"ExitTime\":\"2026-11-22T13:42:00Z\",{property}}}"));

    [Fact]
    public void A_record_that_is_cut_short_is_refused()
    {
        byte[] whole = RecordBytes.Of(new ExitRecord(), new ExitDetail(), "/usr/bin/program", "/a/cgroup", "program\0argument\0"u8.ToArray());
        Assert.True(RecordView.TryParse(whole, out _));
        for (int size = 0; size < whole.Length; size++)
            Assert.False(RecordView.TryParse(whole.AsSpan(0, size), out _), $"{size} of {whole.Length} bytes");
    }

    [Fact]
    public void A_record_with_more_bytes_behind_it_is_read_the_same()
    {
        byte[] whole = RecordBytes.Of(new ExitRecord(), new ExitDetail(), "/usr/bin/program", "/a/cgroup", "program\0argument\0"u8.ToArray());
        ExitEvent padded = RecordBytes.Event([.. whole, 1, 2, 3, 4, 5, 6, 7]);
        Assert.Equal(("/usr/bin/program", "/a/cgroup", "program argument"), (padded.Path, padded.CgroupPath, padded.CommandLine));
        ExitEvent basic = RecordBytes.Event([.. RecordBytes.Of(new ExitRecord()), .. new byte[300]]);
        Assert.Null(basic.CommandLine);
        Assert.Null(basic.UserId);
    }

    [Fact]
    public void Sizes_that_point_beyond_the_end_are_refused()
    {
        byte[] whole = RecordBytes.Of(new ExitRecord(), new ExitDetail(), "/usr/bin/program", "/a/cgroup", "program\0argument\0"u8.ToArray());
        Assert.False(RecordView.TryParse(WithSizes([.. whole], ushort.MaxValue, 0, 0), out _));
        Assert.False(RecordView.TryParse(WithSizes([.. whole], 0, ushort.MaxValue, 0), out _));
        Assert.False(RecordView.TryParse(WithSizes([.. whole], 0, 0, ushort.MaxValue), out _));
        Assert.False(RecordView.TryParse(WithSizes([.. whole], ushort.MaxValue, ushort.MaxValue, ushort.MaxValue), out _));
    }

    private static void ReadAll(byte[] bytes, byte[]? exec = null)
    {
        if (!RecordView.TryParse(bytes, out RecordView view) || view.Record.Flags.HasFlag(RecordFlags.Exec))
            return;
        foreach (bool utc in new[] { true, false })
        {
            ExitEvent exit = new([.. bytes], exec, 0, utc, null);
            foreach (PropertyInfo property in Properties)
                _ = property.GetValue(exit);
            Assert.NotNull(exit.ToString());
            using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(exit.ToJson());
            _ = exit.IsNamed(_ => false);
        }
    }

    private static byte[] WithSizes(byte[] bytes, int path, int cgroup, int arguments, int directory = 0, int ancestors = 0)
    {
        ref ExitRecord record = ref System.Runtime.InteropServices.MemoryMarshal.AsRef<ExitRecord>(bytes.AsSpan());
        record.Flags = (record.Flags | RecordFlags.Detail) & ~RecordFlags.Exec;
        ref ExitDetail detail = ref System.Runtime.InteropServices.MemoryMarshal.AsRef<ExitDetail>(bytes.AsSpan(RecordView.DetailOffset));
        (detail.PathSize, detail.CgroupSize, detail.ArgsSize) = ((ushort)path, (ushort)cgroup, (ushort)arguments);
        (detail.DirectorySize, detail.AncestorCount) = ((ushort)directory, (ushort)ancestors);
        return bytes;
    }

    // JSON has what an event shows, and the kernel shows no IDs that are negative and no times before 1970.
    private static byte[] WithPlausibleNumbers(byte[] bytes)
    {
        bytes = [.. bytes];
        ref ExitRecord record = ref System.Runtime.InteropServices.MemoryMarshal.AsRef<ExitRecord>(bytes.AsSpan());
        record.ExitTime &= long.MaxValue;
        record.StartTime = record.ExitTime - (record.StartTime % (record.ExitTime + 1));
        (record.Pid, record.Tid, record.ParentPid, record.HostPid) = (record.Pid & int.MaxValue, record.Tid & int.MaxValue, record.ParentPid & int.MaxValue, record.HostPid & int.MaxValue);
        record.WaitStatus &= (record.WaitStatus & 0x7f) == 0 ? 0xff00u : 0xffu;
        ref ExitDetail detail = ref System.Runtime.InteropServices.MemoryMarshal.AsRef<ExitDetail>(bytes.AsSpan(RecordView.DetailOffset));
        (detail.CpuTime, detail.UserTime, detail.SystemTime) = (detail.CpuTime >> 2, detail.UserTime >> 2, detail.SystemTime >> 2);
        detail.MaxRss >>= 16;
        (detail.MinorFaults, detail.MajorFaults) = (detail.MinorFaults & long.MaxValue, detail.MajorFaults & long.MaxValue);
        (detail.ReadBytes, detail.WriteBytes) = (detail.ReadBytes & long.MaxValue, detail.WriteBytes & long.MaxValue);
        (detail.VoluntarySwitches, detail.InvoluntarySwitches) = (detail.VoluntarySwitches & long.MaxValue, detail.InvoluntarySwitches & long.MaxValue);
        (detail.Session, detail.NamespacePid, detail.SenderPid) = (detail.Session & int.MaxValue, detail.NamespacePid & int.MaxValue, detail.SenderPid & int.MaxValue);
        return bytes;
    }
}
