using System.ComponentModel;
using System.Globalization;

namespace ExitSnoop;

/// <summary>Converts a signal's names and numbers, so that "SEGV", "SIGSEGV", "sigsegv" and 11 are alike.</summary>
public sealed class SignalConverter : TypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
        sourceType == typeof(string) || sourceType == typeof(int) || base.CanConvertFrom(context, sourceType);

    /// <inheritdoc/>
    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => value switch
    {
        string text when SignalNames.TryParse(text, out Signal signal) => signal,
        int number when Enum.IsDefined((Signal)number) => (Signal)number,
        string or int => throw new FormatException($"'{value}' is no signal."),
        _ => base.ConvertFrom(context, culture, value),
    };

    /// <inheritdoc/>
    public override object? ConvertTo(ITypeDescriptorContext? context, CultureInfo? culture, object? value, Type destinationType) =>
        value is Signal signal && destinationType == typeof(string)
            ? signal.ToString()
            : base.ConvertTo(context, culture, value, destinationType);
}
