using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using ExitSnoop.Cli.Native;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Output;

/// <summary>
/// Text on its way to standard output, as UTF-8. Only whole lines leave it: when it is asked to
/// <see cref="Flush"/>, and by themselves when many have gathered.
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

    /// <summary>A number with leading zeros, of exactly that many digits.</summary>
    internal void AppendDigits(int number, int digits)
    {
        Span<byte> free = GetSpan(digits);
        for (int i = digits - 1; i >= 0; i--, number /= 10)
            free[i] = (byte)('0' + number % 10);
        length += digits;
    }

    /// <summary>What is appended from here on is left-aligned by <see cref="EndCell"/>.</summary>
    internal void BeginCell() => cellStart = length;

    /// <summary>Fills the cell with blanks to that many characters (code points), and in any case with one.</summary>
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
    /// <exception cref="OutputException">They cannot be written; they are dropped.</exception>
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

    /// <summary>Room for that many bytes and more, which become text by <see cref="Advance"/>.</summary>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        // A writer that asks for none needs at least some.
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

    /// <summary>Whoever shares the other end of the terminal or pipe may have made it non-blocking.</summary>
    private unsafe void WaitUntilWritable()
    {
        LibC.PollFd poll = new() { Fd = fd, Events = LibC.PollOut };
        LibC.poll(&poll, 1, -1);
    }

    /// <summary>In UTF-8 all bytes of a character but the first are 10xxxxxx.</summary>
    private static bool IsFirstOfCharacter(byte b) => (b & 0xc0) != 0x80;
}
