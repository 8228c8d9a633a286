namespace ExitSnoop;

/// <summary>Describes one field of an event.</summary>
/// <param name="Name">The name of the field of the record in C, or of the property of <see cref="ExitEvent"/>.</param>
/// <param name="Type">Its type, in C or in .NET.</param>
/// <param name="Unit">Its unit and, for a time, its clock; "" if it has none.</param>
/// <param name="Source">The kernel's expression that it is read from, or the fields that it is derived from.</param>
/// <param name="Offset">Its offset in the record in bytes; null for a property.</param>
/// <param name="Size">Its size in the record in bytes; null for a property.</param>
/// <param name="Kernels">The kernels on which it is available.</param>
/// <param name="Description">What it means.</param>
public sealed record ExitEventField(
    string Name, string Type, string Unit, string Source, int? Offset, int? Size, string Kernels, string Description);
