// They set TZ, start tracers, and count what these report of each other's processes.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
