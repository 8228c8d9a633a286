using System.Runtime.InteropServices;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>
/// Finds the functions of many addresses of a module in one pass over its symbols, by the rules of libdw's
/// dwfl_module_addrinfo, which takes one pass for each address: 5 ms in node with its 110,000 symbols.
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

    /// <summary>The functions that contain the addresses, each with the distance from its beginning in bytes. The name is null if it is not known.</summary>
    /// <param name="module">libdw's handle of the module.</param>
    /// <param name="addresses">Addresses in this module.</param>
    internal static (string? Name, ulong Offset)[] Find(nint module, IReadOnlyList<ulong> addresses)
    {
        SymbolSearch search = new(module, addresses);
        int count = LibDw.dwfl_module_getsymtab(module), firstGlobal = LibDw.dwfl_module_getsymtab_first_global(module);
        // The file can claim any number.
        firstGlobal = Math.Clamp(firstGlobal, 1, Math.Max(count, 1));
        search.Pass(firstGlobal, count);
        // Local symbols count only for addresses without a global one.
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
        // Labels of assembly code have no size. libdw finds out whether such a label is in the section of the address.
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

        /// <summary>Whether there is a symbol without a size below the address and not below the end of any function.</summary>
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
            // A nearer symbol is better, or one with a wider binding; of two at the same address, the shorter one.
            if (Name is null || Value < value || rank < binding || (Value == value && size > symbol.Size && rank <= binding))
            {
                Name = name;
                (Value, size, rank) = (value, symbol.Size, binding);
            }
        }

        private static int RankOf(int binding) => binding switch { BindGlobal => 3, BindWeak => 2, BindLocal => 1, _ => 0 };
    }
}
