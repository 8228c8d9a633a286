namespace ExitSnoop.Records;

/// <summary>The machine that a recorded exit comes from, as far as its record needs it to be understood.</summary>
/// <param name="PageSize">Bytes of a page of memory.</param>
/// <param name="Users">Names of users by id.</param>
internal sealed record RecordOrigin(int PageSize, IReadOnlyDictionary<uint, string?> Users);
