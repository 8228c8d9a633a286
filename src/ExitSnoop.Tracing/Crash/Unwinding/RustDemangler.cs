using System.Buffers;
using System.Globalization;
using System.Text;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>
/// Demangles the symbol names of rustc: those of version 0 (<c>_R</c>, the grammar of Rust's RFC 2603) and the older
/// ones, which look like C++ and end in a hash (<c>17h</c> and 16 digits). Hashes are left out.
/// </summary>
internal sealed class RustDemangler
{
    private const int DepthMaximum = 200, LengthMaximum = 2048;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private static readonly Dictionary<string, string> Escapes = new()
    {
        ["SP"] = "@", ["BP"] = "*", ["RF"] = "&", ["LT"] = "<", ["GT"] = ">", ["LP"] = "(", ["RP"] = ")", ["C"] = ",",
    };

    private readonly string name;
    private readonly StringBuilder text = new();
    private int position;
    private int depth;
    private int lifetimes;

    private RustDemangler(string name, int start)
    {
        this.name = name;
        position = start;
    }

    /// <summary>The path of a symbol of version 0; null if the name is not one.</summary>
    internal static string? Demangle(string symbol)
    {
        // A suffix of the compiler, such as ".llvm.123", is not part of the name. Back references count from the character after "_R".
        int end = symbol.IndexOf('.', StringComparison.Ordinal);
        RustDemangler demangler = new(end < 0 ? symbol[2..] : symbol[2..end], 0);
        try
        {
            demangler.Path(inValue: true);
            return demangler.text.ToString();
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The path of an older symbol; null if the name is not one, for example a C++ name.</summary>
    internal static string? DemangleLegacy(string symbol)
    {
        if (!symbol.StartsWith("_ZN", StringComparison.Ordinal))
            return null;
        RustDemangler reader = new(symbol, 3);
        List<string> parts = [];
        try
        {
            while (reader.Peek() is >= '0' and <= '9')
                parts.Add(reader.Take(reader.Decimal()));
        }
        catch (FormatException)
        {
            return null;
        }
        bool isRust = reader.Peek() == 'E' && parts.Count > 1 && parts[^1] is ['h', ..] hash && hash.Length == 17
            && !hash.AsSpan(1).ContainsAnyExcept(HexDigits);
        return isRust ? string.Join("::", parts[..^1].Select(Unescape)) : null;
    }

    private static string Unescape(string part)
    {
        // "_$LT$T$u20$as$u20$Display$GT$": the underscore is there only because a name must not begin with "$".
        string rest = part.StartsWith("_$", StringComparison.Ordinal) ? part[1..] : part;
        StringBuilder plain = new();
        while (rest.Length > 0)
        {
            int end = rest[0] == '$' ? rest.IndexOf('$', 1) : -1;
            if (end > 0 && Unescaped(rest[1..end]) is { } character)
            {
                plain.Append(character);
                rest = rest[(end + 1)..];
            }
            else if (rest.StartsWith("..", StringComparison.Ordinal))
            {
                plain.Append("::");
                rest = rest[2..];
            }
            else
            {
                plain.Append(rest[0]);
                rest = rest[1..];
            }
        }
        return plain.ToString();
    }

    private static string? Unescaped(string code) =>
        Escapes.TryGetValue(code, out string? character) ? character
        : code is ['u', ..] && ushort.TryParse(code.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort value)
            ? ((char)value).ToString()
            : null;

    private void Path(bool inValue)
    {
        Enter();
        switch (Next())
        {
            case 'C':
                Append(Identifier(out _));
                break;
            case 'M':
                ImplPath();
                Append("<");
                Type();
                Append(">");
                break;
            case 'X':
                ImplPath();
                goto case 'Y';
            case 'Y':
                Append("<");
                Type();
                Append(" as ");
                Path(inValue: false);
                Append(">");
                break;
            case 'N':
                char space = Next();
                Path(inValue);
                string identifier = Identifier(out ulong disambiguator);
                if (space is >= 'A' and <= 'Z')
                {
                    string kind = space switch { 'C' => "closure", 'S' => "shim", _ => space.ToString() };
                    Append(identifier.Length > 0 ? $"::{{{kind}:{identifier}#{disambiguator}}}" : $"::{{{kind}#{disambiguator}}}");
                }
                else if (identifier.Length > 0)
                {
                    Append("::" + identifier);
                }
                break;
            case 'I':
                Path(inValue);
                Append(inValue ? "::<" : "<");
                List(GenericArgument);
                Append(">");
                break;
            case 'B':
                Back(() => Path(inValue));
                break;
            default:
                throw new FormatException();
        }
        depth--;
    }

    private void ImplPath()
    {
        // The path of the impl block is parsed but not shown.
        int length = text.Length;
        Disambiguator();
        Path(inValue: false);
        text.Length = length;
    }

    private void GenericArgument()
    {
        if (TakeIf('L'))
            Lifetime(Base62());
        else if (TakeIf('K'))
            Constant();
        else
            Type();
    }

    private void Type()
    {
        Enter();
        char tag = Next();
        if (BasicType(tag) is { } basic)
        {
            Append(basic);
        }
        else
        {
            switch (tag)
            {
                case 'A':
                    Append("[");
                    Type();
                    Append("; ");
                    Constant();
                    Append("]");
                    break;
                case 'S':
                    Append("[");
                    Type();
                    Append("]");
                    break;
                case 'T':
                    Append("(");
                    if (List(Type) == 1)
                        Append(",");
                    Append(")");
                    break;
                case 'R':
                case 'Q':
                    Append("&");
                    if (TakeIf('L') && Base62() is > 0 and ulong lifetime)
                    {
                        Lifetime(lifetime);
                        Append(" ");
                    }
                    if (tag == 'Q')
                        Append("mut ");
                    Type();
                    break;
                case 'P':
                    Append("*const ");
                    Type();
                    break;
                case 'O':
                    Append("*mut ");
                    Type();
                    break;
                case 'F':
                    Binder(FunctionType);
                    break;
                case 'D':
                    Append("dyn ");
                    Binder(() => List(DynTrait, " + "));
                    if (!TakeIf('L'))
                        throw new FormatException();
                    if (Base62() is > 0 and ulong bound)
                    {
                        Append(" + ");
                        Lifetime(bound);
                    }
                    break;
                case 'B':
                    Back(Type);
                    break;
                default:
                    position--;
                    Path(inValue: false);
                    break;
            }
        }
        depth--;
    }

    private void FunctionType()
    {
        if (TakeIf('U'))
            Append("unsafe ");
        if (TakeIf('K'))
            Append(TakeIf('C') ? "extern \"C\" " : $"extern \"{Identifier(out _).Replace('_', '-')}\" ");
        Append("fn(");
        List(Type);
        Append(")");
        if (TakeIf('u'))
            return;
        Append(" -> ");
        Type();
    }

    private void DynTrait()
    {
        bool open = TraitPath();
        while (TakeIf('p'))
        {
            Append(open ? ", " : "<");
            open = true;
            Append(Identifier(out _) + " = ");
            Type();
        }
        if (open)
            Append(">");
    }

    /// <summary>Appends a path. Returns true if it has a list of arguments, which is left open so that associated types can be added.</summary>
    private bool TraitPath()
    {
        if (TakeIf('B'))
        {
            bool open = false;
            Back(() => open = TraitPath());
            return open;
        }
        if (!TakeIf('I'))
        {
            Path(inValue: false);
            return false;
        }
        Path(inValue: false);
        Append("<");
        List(GenericArgument);
        return true;
    }

    private void Binder(Action inner)
    {
        int count = TakeIf('G') ? (int)Math.Min(Base62() + 1, 100) : 0;
        if (count > 0)
        {
            Append("for<");
            for (int i = 0; i < count; i++)
            {
                lifetimes++;
                Append(i > 0 ? ", " : "");
                Lifetime(1);
            }
            Append("> ");
        }
        inner();
        lifetimes -= count;
    }

    private void Lifetime(ulong index)
    {
        if (index == 0)
        {
            Append("'_");
            return;
        }
        long number = lifetimes - (long)index;
        if (number < 0)
            throw new FormatException();
        Append(number < 26 ? $"'{(char)('a' + number)}" : $"'_{number}");
    }

    private void Constant()
    {
        Enter();
        if (TakeIf('p'))
        {
            Append("_");
        }
        else if (TakeIf('B'))
        {
            Back(Constant);
        }
        else
        {
            char type = Next();
            string sign = TakeIf('n') ? "-" : "";
            int end = name.IndexOf('_', position);
            if (end < 0 || BasicType(type) is null)
                throw new FormatException();
            string digits = name[position..end];
            position = end + 1;
            bool small = ulong.TryParse(digits.Length == 0 ? "0" : digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value);
            Append(type switch
            {
                'b' => value == 0 ? "false" : "true",
                'c' => value is > 31 and < 127 ? $"'{(char)value}'" : $"'\\u{{{digits}}}'",
                _ => small ? sign + value.ToString(CultureInfo.InvariantCulture) : $"{sign}0x{digits}",
            });
        }
        depth--;
    }

    private int List(Action item) => List(item, ", ");

    private int List(Action item, string separator)
    {
        int count = 0;
        while (!TakeIf('E'))
        {
            if (count++ > 0)
                Append(separator);
            item();
        }
        return count;
    }

    private void Back(Action read)
    {
        int end = position - 1;
        ulong target = Base62();
        if (target >= (ulong)end)
            throw new FormatException();
        int resume = position;
        position = (int)target;
        Enter();
        read();
        depth--;
        position = resume;
    }

    private string Identifier(out ulong disambiguator)
    {
        disambiguator = Disambiguator();
        bool punycode = TakeIf('u');
        int length = Decimal();
        TakeIf('_');
        string bytes = Take(length);
        return punycode ? $"punycode{{{bytes}}}" : bytes;
    }

    private ulong Disambiguator() => TakeIf('s') ? Base62() + 1 : 0;

    private int Decimal()
    {
        int start = position;
        if (TakeIf('0'))
            return 0;
        while (Peek() is >= '0' and <= '9' && position - start < 6)
            position++;
        return int.TryParse(name.AsSpan(start, position - start), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new FormatException();
    }

    /// <summary>"_" is 0, "0_" is 1, "10_" is 63.</summary>
    private ulong Base62()
    {
        ulong value = 0;
        if (TakeIf('_'))
            return 0;
        while (true)
        {
            char digit = Next();
            if (digit == '_')
                return value + 1;
            int number = digit switch
            {
                >= '0' and <= '9' => digit - '0',
                >= 'a' and <= 'z' => digit - 'a' + 10,
                >= 'A' and <= 'Z' => digit - 'A' + 36,
                _ => throw new FormatException(),
            };
            value = unchecked((value * 62) + (ulong)number);
        }
    }

    private static string? BasicType(char tag) => tag switch
    {
        'a' => "i8", 'b' => "bool", 'c' => "char", 'd' => "f64", 'e' => "str", 'f' => "f32", 'h' => "u8", 'i' => "isize", 'j' => "usize",
        'l' => "i32", 'm' => "u32", 'n' => "i128", 'o' => "u128", 's' => "i16", 't' => "u16", 'u' => "()", 'v' => "...", 'x' => "i64",
        'y' => "u64", 'z' => "!", 'p' => "_",
        _ => null,
    };

    // With nested back references a short name can stand for a text of any length.
    private void Enter()
    {
        if (++depth > DepthMaximum || text.Length > LengthMaximum)
            throw new FormatException();
    }

    private void Append(string part) => text.Append(part);

    private char Peek() => position < name.Length ? name[position] : '\0';

    private char Next() => position < name.Length ? name[position++] : throw new FormatException();

    private bool TakeIf(char tag)
    {
        if (Peek() != tag)
            return false;
        position++;
        return true;
    }

    private string Take(int length)
    {
        if (length > name.Length - position)
            throw new FormatException();
        string part = name.Substring(position, length);
        position += length;
        return part;
    }
}
