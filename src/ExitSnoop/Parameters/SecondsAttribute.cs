using System.Globalization;
using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>
/// Accepts a number of seconds for a TimeSpan parameter, because the conversion of PowerShell reads "5" as five days. Also accepts
/// numbers with units, such as 8h and 1h30m. Checks that the time is in the valid range.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecondsAttribute : ArgumentTransformationAttribute
{
    private const double Maximum = ExitTraceOptions.MaximumSeconds;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        // PowerShell reads 7d as a decimal and 90s as a short. It keeps the typed text with the number, so the text is read first.
        double? seconds = DurationText.TryParse(LanguagePrimitives.ConvertTo<string>(inputData), out TimeSpan span) ? span.TotalSeconds : value switch
        {
            int or long or double or float or decimal => Convert.ToDouble(value, CultureInfo.InvariantCulture),
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
            TimeSpan given => given.TotalSeconds,
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan given) => given.TotalSeconds,
            _ => null,
        };
        if (seconds is not { } count)
            return value;
        return count is >= 0 and <= Maximum
            ? TimeSpan.FromSeconds(count)
            : throw new ArgumentTransformationMetadataException(
                string.Create(CultureInfo.InvariantCulture, $"'{value}' is out of range: give 0 to {Maximum} seconds, as a number or a TimeSpan."));
    }
}
