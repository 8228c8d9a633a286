using System.Runtime.InteropServices;

namespace ExitSnoop.Tests.Records;

/// <summary>Makes records as the kernel would send them.</summary>
internal static class RecordBytes
{
    internal static byte[] Of(ExitRecord record)
    {
        byte[] bytes = new byte[RecordView.DetailOffset];
        MemoryMarshal.Write(bytes, record);
        return bytes;
    }

    /// <summary>Components of paths are sent from the last to the first.</summary>
    internal static byte[] Of(ExitRecord record, ExitDetail detail, string path = "", string cgroup = "", byte[]? arguments = null, string directory = "", params AncestorRecord[] ancestors)
    {
        byte[] pathBytes = Components(path), directoryBytes = Components(directory), cgroupBytes = Components(cgroup);
        arguments ??= [];
        record.Flags |= RecordFlags.Detail;
        detail.AncestorCount = (ushort)ancestors.Length;
        detail.PathSize = (ushort)pathBytes.Length;
        detail.DirectorySize = (ushort)directoryBytes.Length;
        detail.CgroupSize = (ushort)cgroupBytes.Length;
        detail.ArgsSize = (ushort)arguments.Length;
        byte[] detailBytes = new byte[RecordView.BytesOffset - RecordView.DetailOffset];
        MemoryMarshal.Write(detailBytes, detail);
        return [.. Of(record), .. detailBytes, .. MemoryMarshal.AsBytes<AncestorRecord>(ancestors), .. pathBytes, .. directoryBytes, .. cgroupBytes, .. arguments];
    }

    internal static ExitEvent Event(byte[] bytes, long clockOffset = 0) => new(bytes, null, clockOffset, utc: true, label: null);

    internal static Comm CommOf(ReadOnlySpan<byte> text)
    {
        Comm comm = default;
        text.CopyTo(comm);
        return comm;
    }

    private static byte[] Components(string path) =>
        Encoding.UTF8.GetBytes(string.Concat(path.Split('/').Skip(1).Reverse().Select(name => name + "\0")));
}
