using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using ExitSnoop.Cli.Native;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Output;

/// <summary>
/// A buffer for standard output, in UTF-8. Only whole lines are written: by <see cref="Flush"/>, and automatically when there
/// are many.
/// </summary>
internal sealed class OutputBuffer : IBufferWriter<byte>
{
    private const int FlushSize = 32 * 1024;

    private readonly int fd;
    private byte[] bytes = new byte[FlushSize + 8 * 1024];
    private int length;
    private int lineStart;
    private int cellStart;

    internal OutputBuffer(int fd = StandardOutput.Fd) => this.fd = fd;

    internal void Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(GetSpan(text.Length));
        length += text.Length;
    }

    internal void Append(ReadOnlySpan<char> text) =>
        length += Encoding.UTF8.GetBytes(text, GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length)));

    internal void Append(long number)
    {
        Utf8Formatter.TryFormat(number, GetSpan(20), out int count);
        length += count;
    }

    /// <summary>Appends a number with leading zeros, with exactly this many digits.</summary>
    internal void AppendDigits(int number, int digits)
    {
        Span<byte> free = GetSpan(digits);
        for (int i = digits - 1; i >= 0; i--, number /= 10)
            free[i] = (byte)('0' + number % 10);
        length += digits;
    }

    /// <summary>Begins a cell, which ends with <see cref="EndCell"/>.</summary>
    internal void BeginCell() => cellStart = length;

    /// <summary>Fills the cell with spaces to this many characters (code points), but with at least one space.</summary>
    internal void EndCell(int width)
    {
        int characters = 0;
        foreach (byte b in bytes.AsSpan(cellStart, length - cellStart))
            characters += IsFirstOfCharacter(b) ? 1 : 0;
        int blanks = Math.Max(1, width - characters);
        GetSpan(blanks)[..blanks].Fill((byte)' ');
        length += blanks;
    }

    internal void EndLine()
    {
        GetSpan(1)[0] = (byte)'\n';
        length++;
        lineStart = length;
        if (length >= FlushSize)
            Flush();
    }

    /// <summary>Writes the whole lines.</summary>
    /// <exception cref="OutputException">The lines cannot be written. They are dropped.</exception>
    internal void Flush()
    {
        try
        {
            Write(bytes.AsSpan(0, lineStart));
        }
        finally
        {
            bytes.AsSpan(lineStart, length - lineStart).CopyTo(bytes);
            length -= lineStart;
            lineStart = 0;
        }
    }

    /// <summary>Free memory of at least this many bytes. <see cref="Advance"/> adds it to the text.</summary>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        // A size of 0 means any size above 0.
        int count = Math.Max(sizeHint, 256);
        if (bytes.Length - length < count)
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, length + count));
        return bytes.AsMemory(length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public void Advance(int count) => length += count;

    private unsafe void Write(ReadOnlySpan<byte> lines)
    {
        fixed (byte* start = lines)
        {
            for (int written = 0; written < lines.Length;)
            {
                nint count = LibC.write(fd, start + written, (nuint)(lines.Length - written));
                if (count >= 0)
                {
                    written += (int)count;
                    continue;
                }

                int error = Marshal.GetLastPInvokeError();
                if (error == LibC.EAGAIN)
                    WaitUntilWritable();
                else if (error != LibC.EINTR)
                    throw new OutputException(error);
            }
        }
    }

    /// <summary>Waits with poll(2), because another process that shares the terminal or pipe may have made it non-blocking.</summary>
    private unsafe void WaitUntilWritable()
    {
        LibC.PollFd poll = new() { Fd = fd, Events = LibC.PollOut };
        LibC.poll(&poll, 1, -1);
    }

    /// <summary>Whether a byte is the first one of a character. In UTF-8 all further bytes are 10xxxxxx.</summary>
    private static bool IsFirstOfCharacter(byte b) => (b & 0xc0) != 0x80;
}
