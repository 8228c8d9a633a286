using System.Globalization;
using System.Management.Automation;
using System.Reflection;

namespace HelpBuilder;

/// <summary>A cmdlet as its assembly declares it.</summary>
internal sealed record CmdletFacts(string Verb, string Noun, ParameterFacts[] Parameters)
{
    internal string Name => $"{Verb}-{Noun}";

    /// <summary>All cmdlets of an assembly. Attributes are only read as metadata, because their assemblies cannot be loaded here.</summary>
    internal static CmdletFacts[] Of(Assembly assembly) =>
    [
        .. from type in assembly.GetExportedTypes()
           let cmdlet = Attribute<CmdletAttribute>(type)
           where cmdlet is not null
           let verb = (string)cmdlet.ConstructorArguments[0].Value!
           let noun = (string)cmdlet.ConstructorArguments[1].Value!
           orderby noun, verb
           select new CmdletFacts(verb, noun, [.. ParameterFacts.Of(type), .. ParameterFacts.OfShouldProcess(cmdlet)]),
    ];

    internal static CustomAttributeData? Attribute<T>(MemberInfo member) =>
        member.GetCustomAttributesData().FirstOrDefault(attribute => attribute.AttributeType == typeof(T));
}

/// <summary>A parameter as it is declared. Without a parameter set it belongs to all sets.</summary>
internal sealed record ParameterFacts(
    string Name, string Type, string? Set, bool Mandatory, string? Position, string[] Aliases, string PipelineInput, bool Wildcards)
{
    private const string WhatIf = nameof(WhatIf), Confirm = nameof(Confirm);

    internal bool IsSwitch => Type == nameof(SwitchParameter);

    /// <summary>Whether it is -WhatIf or -Confirm, which come last in the help of PowerShell.</summary>
    internal bool IsOfShouldProcess => Name is WhatIf or Confirm;

    internal static ParameterFacts[] Of(Type cmdlet) =>
    [
        .. from property in cmdlet.GetProperties()
           let parameter = CmdletFacts.Attribute<ParameterAttribute>(property)
           where parameter is not null
           let named = parameter.NamedArguments.ToDictionary(argument => argument.MemberName, argument => argument.TypedValue.Value)
           where !named.ContainsKey(nameof(ParameterAttribute.DontShow))
           select new ParameterFacts(
               property.Name,
               (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType).Name,
               named.GetValueOrDefault(nameof(ParameterAttribute.ParameterSetName)) as string,
               named.ContainsKey(nameof(ParameterAttribute.Mandatory)),
               named.TryGetValue(nameof(ParameterAttribute.Position), out object? position) ? Convert.ToString(position, CultureInfo.InvariantCulture) : null,
               AliasesOf(property),
               PipelineInputOf(named),
               CmdletFacts.Attribute<SupportsWildcardsAttribute>(property) is not null),
    ];

    /// <summary>-WhatIf and -Confirm, which PowerShell adds to a cmdlet that supports ShouldProcess.</summary>
    internal static ParameterFacts[] OfShouldProcess(CustomAttributeData cmdlet)
    {
        static ParameterFacts Switch(string name, string alias) => new(name, nameof(SwitchParameter), null, false, null, [alias], "False", false);

        return cmdlet.NamedArguments.Any(argument => argument is { MemberName: nameof(CmdletAttribute.SupportsShouldProcess), TypedValue.Value: true })
            ? [Switch(WhatIf, "wi"), Switch(Confirm, "cf")]
            : [];
    }

    private static string PipelineInputOf(Dictionary<string, object?> named)
    {
        List<string> ways = [];
        if (named.ContainsKey(nameof(ParameterAttribute.ValueFromPipeline)))
            ways.Add("ByValue");
        if (named.ContainsKey(nameof(ParameterAttribute.ValueFromPipelineByPropertyName)))
            ways.Add("ByPropertyName");
        return ways.Count > 0 ? $"True ({string.Join(", ", ways)})" : "False";
    }

    private static string[] AliasesOf(PropertyInfo property) =>
        CmdletFacts.Attribute<AliasAttribute>(property)?.ConstructorArguments[0].Value is IEnumerable<CustomAttributeTypedArgument> names
            ? [.. names.Select(name => (string)name.Value!)]
            : [];
}
