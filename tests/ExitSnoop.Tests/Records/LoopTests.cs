using System.Buffers.Binary;
using System.Text;

namespace ExitSnoop.Tests.Records;

/// <summary>
/// The control flow of the compiled programs, as check_cfg() in kernel/bpf/verifier.c of older kernels (6.1 for one)
/// walks it: a loop may be closed by a jump, and not by an instruction that only goes on to the next. Which of the two
/// a loop is, is clang's choice.
/// </summary>
public sealed class LoopTests
{
    [Fact]
    public void Every_loop_is_closed_by_a_jump_as_older_kernels_require()
    {
        using Stream stream = typeof(ExitTrace).Assembly.GetManifestResourceStream("crash.bpf.o")!;
        byte[] elf = new byte[stream.Length];
        stream.ReadExactly(elf);
        Dictionary<string, byte[]> programs = Programs(elf);
        Assert.InRange(programs.Count, 5, 100);
        Assert.All(programs, program => Assert.Null(FallThroughLoop(program.Value)));
    }

    /// <summary>The functions of an ELF file, by name: man 5 elf.</summary>
    private static Dictionary<string, byte[]> Programs(byte[] elf)
    {
        const int symbolSize = 24, functionType = 2, symbolTable = 2;
        int sections = (int)U64(40), sectionSize = U16(58), count = U16(60);
        Dictionary<string, byte[]> programs = [];
        for (int i = 0; i < count; i++)
        {
            int section = sections + (i * sectionSize);
            if (U32(section + 4) != symbolTable)
                continue;
            int names = (int)U64(sections + ((int)U32(section + 40) * sectionSize) + 24), start = (int)U64(section + 24);
            for (int symbol = start; symbol < start + (int)U64(section + 32); symbol += symbolSize)
            {
                if ((elf[symbol + 4] & 0xf) != functionType)
                    continue;
                int name = names + (int)U32(symbol), code = (int)U64(sections + (U16(symbol + 6) * sectionSize) + 24) + (int)U64(symbol + 8);
                programs[Encoding.ASCII.GetString(elf, name, Array.IndexOf(elf, (byte)0, name) - name)] = elf[code..(code + (int)U64(symbol + 16))];
            }
        }
        return programs;

        ushort U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(at));
        uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(elf.AsSpan(at));
        ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(at));
    }

    private static int? FallThroughLoop(byte[] code)
    {
        HashSet<int> finished = [], path = [0];
        Stack<(int At, Queue<(int To, bool Jump)> Edges)> walk = new([(0, Edges(code, 0))]);
        while (walk.TryPeek(out (int At, Queue<(int To, bool Jump)> Edges) step))
        {
            if (!step.Edges.TryDequeue(out (int To, bool Jump) edge))
            {
                walk.Pop();
                path.Remove(step.At);
                finished.Add(step.At);
            }
            else if (path.Contains(edge.To))
            {
                if (!edge.Jump)
                    return edge.To;
            }
            else if (!finished.Contains(edge.To))
            {
                path.Add(edge.To);
                walk.Push((edge.To, Edges(code, edge.To)));
            }
        }
        return null;
    }

    /// <summary>Where an instruction goes on, in the order in which the kernel looks: include/uapi/linux/bpf.h.</summary>
    private static Queue<(int To, bool Jump)> Edges(byte[] code, int at)
    {
        const int size = 8;
        const byte wideLoad = 0x18, jumpClass = 5, jump32Class = 6, always = 0x00, call = 0x80, exit = 0x90;
        byte opcode = code[at * size];
        int target = at + 1 + BinaryPrimitives.ReadInt16LittleEndian(code.AsSpan((at * size) + 2));
        if (opcode == wideLoad)
            return new([(at + 2, false)]);
        if ((opcode & 7) is not (jumpClass or jump32Class))
            return new([(at + 1, false)]);
        return (opcode & 0xf0) switch
        {
            exit => new(),
            call => new([(at + 1, false)]),
            always => new([(target, true)]),
            _ => new([(at + 1, true), (target, true)]),
        };
    }
}
