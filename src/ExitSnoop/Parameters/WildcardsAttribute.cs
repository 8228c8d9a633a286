using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Accepts only valid patterns. PowerShell itself reports an open bracket only when a name is compared, which is at the first exit.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class WildcardsAttribute : ValidateEnumeratedArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void ValidateElement(object element)
    {
        try
        {
            new WildcardPattern(element as string ?? "").IsMatch("");
        }
        catch (WildcardPatternException invalid)
        {
            throw new ValidationMetadataException($"'{element}' is not a valid pattern: a bracket is not closed. Write `[ for a literal bracket.", invalid);
        }
    }
}
