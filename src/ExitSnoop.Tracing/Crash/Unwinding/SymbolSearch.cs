using System.Runtime.InteropServices;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>
/// Finds the functions of many addresses of a module in one pass over its symbols, by the rules of libdw's
/// dwfl_module_addrinfo. That takes a pass for each address, which of a node of 110,000 symbols are 5 ms.
/// </summary>
internal sealed unsafe class SymbolSearch
{
    private const int TypeSection = 3, TypeFile = 4, TypeTls = 6, BindLocal = 0, BindGlobal = 1, BindWeak = 2;

    private readonly nint module;
    private readonly Candidate[] candidates;

    private SymbolSearch(nint module, IReadOnlyList<ulong> addresses)
    {
        this.module = module;
        candidates = [.. addresses.Select(address => new Candidate { Address = address })];
    }

    /// <summary>The functions that addresses are in, each with the distance from its beginning; without a name where none is known.</summary>
    /// <param name="module">Of libdw.</param>
    /// <param name="addresses">All of this module.</param>
    internal static (string? Name, ulong Offset)[] Find(nint module, IReadOnlyList<ulong> addresses)
    {
        SymbolSearch search = new(module, addresses);
        int count = LibDw.dwfl_module_getsymtab(module), firstGlobal = LibDw.dwfl_module_getsymtab_first_global(module);
        // What the file says of itself can be anything.
        firstGlobal = Math.Clamp(firstGlobal, 1, Math.Max(count, 1));
        search.Pass(firstGlobal, count);
        // A function that the linker does not export is asked for where no other is at the address.
        if (Array.Exists(search.candidates, candidate => candidate.Name is null))
            search.Pass(1, firstGlobal);
        return Array.ConvertAll(search.candidates, search.Describe);
    }

    private void Pass(int start, int end)
    {
        bool[] wanted = Array.ConvertAll(candidates, candidate => candidate.Name is null);
        ulong highest = candidates.Max(candidate => candidate.Address);
        for (int i = start; i < end; i++)
        {
            LibDw.Symbol symbol;
            ulong value;
            byte* name = LibDw.dwfl_module_getsym_info(module, i, &symbol, &value, null, null, null);
            if (name is null || *name == 0 || symbol.Section == 0 || value > highest || (symbol.Info & 0xf) is TypeSection or TypeFile or TypeTls)
                continue;
            for (int j = 0; j < candidates.Length; j++)
                if (wanted[j] && value <= candidates[j].Address)
                    candidates[j].Consider(name, value, symbol);
        }
    }

    private (string? Name, ulong Offset) Describe(Candidate found)
    {
        byte* name = found.Name;
        ulong offset = found.Address - found.Value;
        // Labels of assembly have no size: whether one is in the section of the address, libdw finds out.
        if (name is null && found.MayHaveLabel)
            name = LibDw.dwfl_module_addrinfo(module, found.Address, out offset, out _, null, null, null);
        return name is null ? (null, 0) : (Demangler.Demangle(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)), offset);
    }

    /// <summary>The best symbol so far for an address.</summary>
    private struct Candidate
    {
        private ulong size, highestEnd, highestLabel;
        private int rank;

        internal ulong Address { get; init; }

        internal byte* Name { get; private set; }

        internal ulong Value { get; private set; }

        /// <summary>Whether a symbol without a size lies before the address and behind the end of all functions.</summary>
        internal readonly bool MayHaveLabel => highestLabel != 0 && highestLabel >= highestEnd;

        internal void Consider(byte* name, ulong value, in LibDw.Symbol symbol)
        {
            highestEnd = Math.Max(highestEnd, value + symbol.Size);
            if (symbol.Size == 0)
            {
                highestLabel = Math.Max(highestLabel, value);
                return;
            }
            int binding = RankOf(symbol.Info >> 4);
            if (Address - value >= symbol.Size)
                return;
            // Nearer, or seen from more other modules; of two at one place the shorter.
            if (Name is null || Value < value || rank < binding || (Value == value && size > symbol.Size && rank <= binding))
            {
                Name = name;
                (Value, size, rank) = (value, symbol.Size, binding);
            }
        }

        private static int RankOf(int binding) => binding switch { BindGlobal => 3, BindWeak => 2, BindLocal => 1, _ => 0 };
    }
}
