namespace ExitSnoop;

/// <summary>What one field of an event is.</summary>
/// <param name="Name">The field of the record in C, or the property of <see cref="ExitEvent"/>.</param>
/// <param name="Type">Its type, in C or in .NET.</param>
/// <param name="Unit">Its unit, and by which clock; "" where it has none.</param>
/// <param name="Source">The kernel's expression it is read from, or the field it is derived from.</param>
/// <param name="Offset">Where it begins in the record, in bytes; null for a derived one.</param>
/// <param name="Size">Its bytes in the record; null for a derived one.</param>
/// <param name="Kernels">The kernels that have it.</param>
/// <param name="Description">What it means.</param>
public sealed record ExitEventField(
    string Name, string Type, string Unit, string Source, int? Offset, int? Size, string Kernels, string Description);
