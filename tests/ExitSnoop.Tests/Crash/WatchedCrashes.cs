namespace ExitSnoop.Tests.Crash;

/// <summary>The same with the calls of crashes.</summary>
public sealed class WatchedCrashes() : WatchedChildren(UnwinderTests.Options);
