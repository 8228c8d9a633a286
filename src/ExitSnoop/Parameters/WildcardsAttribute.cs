using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Takes patterns that are complete. PowerShell itself finds an open bracket only when a name is compared: with the first exit.</summary>
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
