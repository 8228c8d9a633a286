namespace ExitSnoop.Records;

/// <summary>What is needed to know about the machine of a recorded exit, to interpret its record.</summary>
/// <param name="Host">Its host name.</param>
/// <param name="PageSize">The size of a page of memory in bytes.</param>
/// <param name="Users">The names of its users by ID.</param>
internal sealed record RecordOrigin(string Host, int PageSize, IReadOnlyDictionary<uint, string?> Users);
