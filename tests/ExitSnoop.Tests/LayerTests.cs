using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace ExitSnoop.Tests;

/// <summary>
/// The library's namespaces look one way only: from the public API at the top down to Linux. What is below throws what
/// happened, and what is above says what it means.
/// </summary>
public sealed class LayerTests
{
    /// <summary>From the lowest to the highest.</summary>
    private static readonly string[] Layers =
        ["ExitSnoop.Linux", "ExitSnoop.Records", "ExitSnoop.Bpf", "ExitSnoop.Reading", "ExitSnoop.Crash", "ExitSnoop.Recording", "ExitSnoop.Metrics", "ExitSnoop"];

    /// <summary>Names for numbers, and values without behaviour: every layer may use them.</summary>
    private static readonly string[] Vocabulary = ["ExitSnoop.Signal", "ExitSnoop.StackFrame"];

    private static readonly Dictionary<short, OperandType> Operands = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value, code => code.OperandType);

    [Fact]
    public void No_type_refers_to_one_of_a_higher_layer()
    {
        using PEReader file = new(File.OpenRead(typeof(ExitTrace).Assembly.Location));
        MetadataReader metadata = file.GetMetadataReader();
        int references = 0;
        List<string> upwards = [];
        foreach (TypeDefinitionHandle handle in metadata.TypeDefinitions)
        {
            if (LayerOf(metadata, handle) is not { } layer)
                continue;
            foreach ((TypeDefinitionHandle target, string where) in ReferencesOf(file, metadata, handle))
            {
                references++;
                if (LayerOf(metadata, target) > layer && !Vocabulary.Contains(NameOf(metadata, target)))
                    upwards.Add($"{NameOf(metadata, handle)}{where} refers to {NameOf(metadata, target)}");
            }
        }
        Assert.True(references > 1000, $"Only {references} references were found: this looks at nothing.");
        Assert.True(upwards.Count == 0, string.Join('\n', upwards.Distinct()));
    }

    [Fact]
    public void Every_namespace_of_the_library_has_its_layer() =>
        Assert.All(
            typeof(ExitTrace).Assembly.GetTypes().Select(type => type.Namespace ?? "").Where(name => name.StartsWith("ExitSnoop", StringComparison.Ordinal)),
            name => Assert.NotNull(LayerOf(name)));

    private static int? LayerOf(string name)
    {
        int layer = Array.FindIndex(Layers, known => name == known || (known != "ExitSnoop" && name.StartsWith(known + ".", StringComparison.Ordinal)));
        return layer < 0 ? null : layer;
    }

    /// <summary>null for what the compiler makes.</summary>
    private static int? LayerOf(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        return LayerOf(metadata.GetString(type.Namespace));
    }

    private static string NameOf(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        string name = metadata.GetString(type.Name);
        return type.GetDeclaringType() is { IsNil: false } outer ? $"{NameOf(metadata, outer)}.{name}" : $"{metadata.GetString(type.Namespace)}.{name}";
    }

    /// <summary>What a type's declaration, its members' signatures and the bodies of its methods refer to.</summary>
    private static IEnumerable<(TypeDefinitionHandle Target, string Where)> ReferencesOf(PEReader file, MetadataReader metadata, TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        TypesInSignature types = new(metadata);
        foreach (TypeDefinitionHandle target in types.Of(type.BaseType))
            yield return (target, "");
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
            foreach (TypeDefinitionHandle target in types.Of(metadata.GetInterfaceImplementation(implementation).Interface))
                yield return (target, "");
        foreach (FieldDefinitionHandle fieldHandle in type.GetFields())
        {
            FieldDefinition field = metadata.GetFieldDefinition(fieldHandle);
            foreach (TypeDefinitionHandle target in field.DecodeSignature(types, null))
                yield return (target, "." + metadata.GetString(field.Name));
        }
        foreach (MethodDefinitionHandle methodHandle in type.GetMethods())
        {
            MethodDefinition method = metadata.GetMethodDefinition(methodHandle);
            string where = "." + metadata.GetString(method.Name);
            foreach (TypeDefinitionHandle target in types.OfMethod(method.DecodeSignature(types, null)))
                yield return (target, where);
            if (method.RelativeVirtualAddress == 0)
                continue;
            MethodBodyBlock body = file.GetMethodBody(method.RelativeVirtualAddress);
            if (!body.LocalSignature.IsNil)
                foreach (TypeDefinitionHandle target in metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(types, null).SelectMany(local => local))
                    yield return (target, where);
            foreach (ExceptionRegion region in body.ExceptionRegions)
                foreach (TypeDefinitionHandle target in types.Of(region.CatchType))
                    yield return (target, where);
            foreach (EntityHandle token in Tokens(body.GetILBytes()!))
                foreach (TypeDefinitionHandle target in types.Of(token))
                    yield return (target, where);
        }
    }

    /// <summary>The members and types that a method's instructions name.</summary>
    private static IEnumerable<EntityHandle> Tokens(byte[] code)
    {
        for (int i = 0; i < code.Length;)
        {
            short value = code[i++];
            if (value == 0xfe)
                value = (short)(0xfe00 | code[i++]);
            switch (Operands[value])
            {
                case OperandType.InlineNone: break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar: i += 1; break;
                case OperandType.InlineVar: i += 2; break;
                case OperandType.InlineI8 or OperandType.InlineR: i += 8; break;
                case OperandType.InlineSwitch: i += 4 + (4 * BitConverter.ToInt32(code, i)); break;
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    yield return MetadataTokens.EntityHandle(BitConverter.ToInt32(code, i));
                    i += 4;
                    break;
                default: i += 4; break;
            }
        }
    }

    /// <summary>The library's own types that a signature or a token names.</summary>
    private sealed class TypesInSignature(MetadataReader metadata) : ISignatureTypeProvider<ImmutableArray<TypeDefinitionHandle>, object?>
    {
        private static readonly ImmutableArray<TypeDefinitionHandle> None = [];

        internal ImmutableArray<TypeDefinitionHandle> Of(EntityHandle token)
        {
            if (token.IsNil)
                return None;
            switch (token.Kind)
            {
                case HandleKind.TypeDefinition: return [(TypeDefinitionHandle)token];
                case HandleKind.TypeSpecification: return metadata.GetTypeSpecification((TypeSpecificationHandle)token).DecodeSignature(this, null);
                case HandleKind.FieldDefinition: return [metadata.GetFieldDefinition((FieldDefinitionHandle)token).GetDeclaringType()];
                case HandleKind.MethodDefinition: return [metadata.GetMethodDefinition((MethodDefinitionHandle)token).GetDeclaringType()];
                case HandleKind.MemberReference: return Of(metadata.GetMemberReference((MemberReferenceHandle)token).Parent);
                case HandleKind.MethodSpecification:
                    MethodSpecification method = metadata.GetMethodSpecification((MethodSpecificationHandle)token);
                    return [.. Of(method.Method), .. method.DecodeSignature(this, null).SelectMany(argument => argument)];
                default: return None;
            }
        }

        internal IEnumerable<TypeDefinitionHandle> OfMethod(MethodSignature<ImmutableArray<TypeDefinitionHandle>> signature) =>
            [.. signature.ReturnType, .. signature.ParameterTypes.SelectMany(parameter => parameter)];

        public ImmutableArray<TypeDefinitionHandle> GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => [handle];

        public ImmutableArray<TypeDefinitionHandle> GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) => Of(handle);

        public ImmutableArray<TypeDefinitionHandle> GetGenericInstantiation(ImmutableArray<TypeDefinitionHandle> genericType, ImmutableArray<ImmutableArray<TypeDefinitionHandle>> typeArguments) =>
            [.. genericType, .. typeArguments.SelectMany(argument => argument)];

        public ImmutableArray<TypeDefinitionHandle> GetFunctionPointerType(MethodSignature<ImmutableArray<TypeDefinitionHandle>> signature) => [.. OfMethod(signature)];

        public ImmutableArray<TypeDefinitionHandle> GetModifiedType(ImmutableArray<TypeDefinitionHandle> modifier, ImmutableArray<TypeDefinitionHandle> unmodifiedType, bool isRequired) => unmodifiedType;

        public ImmutableArray<TypeDefinitionHandle> GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => None;

        public ImmutableArray<TypeDefinitionHandle> GetPrimitiveType(PrimitiveTypeCode typeCode) => None;

        public ImmutableArray<TypeDefinitionHandle> GetGenericMethodParameter(object? context, int index) => None;

        public ImmutableArray<TypeDefinitionHandle> GetGenericTypeParameter(object? context, int index) => None;

        public ImmutableArray<TypeDefinitionHandle> GetArrayType(ImmutableArray<TypeDefinitionHandle> elementType, ArrayShape shape) => elementType;

        public ImmutableArray<TypeDefinitionHandle> GetByReferenceType(ImmutableArray<TypeDefinitionHandle> elementType) => elementType;

        public ImmutableArray<TypeDefinitionHandle> GetPinnedType(ImmutableArray<TypeDefinitionHandle> elementType) => elementType;

        public ImmutableArray<TypeDefinitionHandle> GetPointerType(ImmutableArray<TypeDefinitionHandle> elementType) => elementType;

        public ImmutableArray<TypeDefinitionHandle> GetSZArrayType(ImmutableArray<TypeDefinitionHandle> elementType) => elementType;
    }
}
