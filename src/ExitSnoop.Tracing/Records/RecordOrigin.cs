namespace ExitSnoop.Records;

/// <summary>The machine that a recorded exit comes from, as far as its record needs it to be understood.</summary>
/// <param name="Host">Its host name.</param>
/// <param name="PageSize">Bytes of a page of memory.</param>
/// <param name="Users">Names of users by ID.</param>
internal sealed record RecordOrigin(string Host, int PageSize, IReadOnlyDictionary<uint, string?> Users);
